"""`edgeopt compare` on one screen: an answer a target, then the first candidates side by side.

Rich is imported when it is made. `compare_table` is the whole.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgeopt.domain.comparison import Cell, Comparison, Line
from edgeopt.domain.run import Run
from edgeopt.report import compare_table
from edgeopt.report import format as fmt
from edgeopt.report.answer import answer, source_score
from edgeopt.report.shortlist import label
from edgeopt.report.table import Row, rows

if TYPE_CHECKING:
    from rich.console import Group, RenderableType

#: Candidates in one table of all targets, and in each where they need more than one.
ROWS, ROWS_EACH = 10, 5
LEGEND = "✓ first choice or suggested  * beyond a limit  × compared with its target's baseline"


def render(run: Run, found: Comparison) -> Group:
    """What ships on each target, how candidates fare there, and the best one for all."""
    from rich.console import Group

    from edgeopt.report.shown import Fitting, Text

    parts: list[RenderableType] = [Text(told)] if (told := source_score(run)) else []
    for column in found.columns:
        style = "green" if column.recipe_id else "yellow"
        head = Text(f"{column.target}: ", style="bold")
        parts.append(head.append(answer(run, column.target), style=style))
    lines = _folded(compare_table.shown(found))
    if lines:
        n = len(found.columns)
        sizes = [n, *(each for each in (3, 2, 1) if each < n)]
        forms = [(size, ratios) for size in sizes for ratios in (True, False)]
        make = functools.partial(_tables, run, found, lines)
        fitting = Fitting(*(functools.partial(make, *form) for form in forms))
        parts += [Text(""), fitting, Text(LEGEND, style="dim")]
        if compare_table.screened(lines):
            parts.append(Text(f"s {compare_table.SHORT_SCHEDULE}", style="dim"))
        if len(lines) > ROWS_EACH:
            parts.append(
                Text("Not shown: --all has every candidate, and why others failed.", style="dim")
            )
    parts.append(Text("One artifact for all: ", style="bold").append(found.single.why))
    return Group(*parts)


def _tables(
    run: Run, found: Comparison, lines: Sequence[Line], size: int, ratios: bool
) -> RenderableType:
    """Tables of `size` targets each."""
    from rich.console import Group
    from rich.table import Table

    from edgeopt.report.shown import Text

    count = len(found.columns)
    lines = lines[: ROWS if size >= count else ROWS_EACH]
    labels = _labels(run, lines)
    made = []
    for start in range(0, count, size):
        table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="dim")
        table.add_column("candidate", overflow="fold", max_width=26)
        for column in found.columns[start : start + size]:
            table.add_column(Text(column.target), justify="right", no_wrap=True)
        for line, name in zip(lines, labels, strict=True):
            cells = line.cells[start : start + size]
            table.add_row(
                Text(name), *(Text(_told(cell, ratios), style=_style(cell)) for cell in cells)
            )
        made.append(table)
    return Group(*made)


def _told(cell: Cell, ratios: bool) -> str:
    """ "✓ 5.71 ms 1.83×" where it was measured, else a word."""
    if cell.latency_ms is None:
        beyond = " *" if cell.recipe_id and not cell.qualifies and cell.drop is not None else ""
        chosen = "✓ " if cell.chosen else ""
        word = "untimed" if cell.state == "converted" else compare_table.UNTIMED.get(cell.state, "")
        return f"{chosen}{compare_table.SUGGESTED if cell.chosen else word}{beyond}"
    sign = compare_table.sign(cell)
    versus = cell.versus_baseline
    unsure = "?" if versus and versus.word == "INCONCLUSIVE" else ""
    times = f" {unsure}{fmt.ratio(versus.ratio)}" if versus and ratios else ""
    return f"{sign}{fmt.ms(cell.latency_ms.p50)}{times}"


def _style(cell: Cell) -> str:
    return "bold green" if cell.chosen else "" if cell.qualifies else "dim"


def _folded(lines: Sequence[Line]) -> list[Line]:
    """One line an artifact: on each target the session that fares best."""
    import msgspec

    groups: dict[str, list[Line]] = {}
    for line in lines:
        groups.setdefault(line.artifact or line.title, []).append(line)
    return [
        msgspec.structs.replace(
            group[0],
            cells=tuple(
                min(cells, key=_merit) for cells in zip(*(one.cells for one in group), strict=True)
            ),
        )
        for group in groups.values()
    ]


def _merit(cell: Cell) -> tuple[bool, bool, bool, tuple[bool, float]]:
    """The least is the best."""
    return not cell.chosen, not cell.qualifies, cell.recipe_id is None, cell.pace


def _labels(run: Run, lines: Sequence[Line]) -> list[str]:
    """Names that tell the lines apart."""
    made = {
        (target, row.recipe_id): row
        for target in run.request.targets
        for row in rows(run, target)
        if row.recipe_id
    }
    shown = [_row_of(line, made) for line in lines]
    return [label(row, shown) for row in shown]


def _row_of(line: Line, made: dict[tuple[str, str], Row]) -> Row:
    return next(made[cell.target, cell.recipe_id] for cell in line.cells if cell.recipe_id)
