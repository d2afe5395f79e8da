"""The table of `edgeopt compare`, within 100 columns. Rich is imported when it is made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from edgeopt.domain.comparison import Cell, Comparison, Line
from edgeopt.domain.visible import lines
from edgeopt.report import format as fmt

if TYPE_CHECKING:
    from rich.console import Group

    from edgeopt.report.shown import Text

#: What the cell says that is named for a target where nothing was timed.
SUGGESTED = "suggested"
#: What a cell says where no latency was measured.
UNTIMED = {
    "emulated": "emulated",
    "converted": "converted only",
    "failed": "failed",
    "left out": "left out",
    "absent": fmt.DASH,
}
LEGEND = (
    "✓ ships there, or is suggested   * beyond a limit   × against the baseline of its own "
    "target; latencies of two targets have no verdict"
)
#: What the sign "s" means, which stands where a time is of a short schedule.
SHORT_SCHEDULE = "short schedule, compare its × only"


def render(found: Comparison) -> Group:
    """Choices, candidates by targets, what is predicted, what failed, the single best."""
    from rich import box
    from rich.console import Group
    from rich.table import Table

    from edgeopt.report.shown import Text

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    table.add_column("candidate", overflow="fold")
    for column in found.columns:
        where = () if column.device in ("local", "none") else (f"on {column.device}",)
        table.add_column(Text(lines(column.target, *where)), justify="right", overflow="fold")
    for line in shown(found):
        cells = [Text(cell_text(cell), style=_style(cell)) for cell in line.cells]
        table.add_row(Text(line.title), *cells)
    parts: list[Text | Table] = [*_choices(found), Text(""), table, Text(LEGEND, style="dim")]
    if screened(shown(found)):
        parts.append(Text(f"s {SHORT_SCHEDULE}", style="dim"))
    for title, told in (
        ("Predicted, not measured", predictions(found)),
        ("Failed or left out", reasons(found)),
    ):
        if told:
            parts.append(Text(lines("", title), style="bold"))
            parts += [Text(f" - {line}") for line in told]
    parts.append(Text(lines("", "One artifact for all: "), style="bold").append(found.single.why))
    return Group(*parts)


def _choices(found: Comparison) -> Iterator[Text]:
    from edgeopt.report.shown import Text

    for column in found.columns:
        text = Text(f"{column.target}: ", style="bold")
        chosen = column.title or column.why
        text.append(chosen, style="green" if column.recipe_id else "yellow")
        basis = f" ({column.basis})" if column.recipe_id and column.basis else ""
        yield text.append(f"{basis} → {column.bundle}/" if column.bundle else basis, style="dim")


def shown(found: Comparison) -> list[Line]:
    """The lines that any target has tried."""
    return [line for line in found.lines if any(cell.recipe_id for cell in line.cells)]


def screened(shown_lines: Sequence[Line]) -> bool:
    """Whether any time is of a short schedule."""
    return any(cell.screened for line in shown_lines for cell in line.cells)


def cell_text(cell: Cell) -> str:
    """One cell: "✓ 5.71 ms 1.83×, 2 thr" where it was measured, else a word."""
    if cell.latency_ms is None:
        beyond = "" if cell.qualifies or cell.state in ("failed", "left out", "absent") else " *"
        word = SUGGESTED if cell.chosen else UNTIMED.get(cell.state, cell.state)
        return f"{sign(cell)}{word}{beyond}"
    versus = cell.versus_baseline
    times = f" {fmt.ratio(versus.ratio)}" if versus else ""
    unsure = "?" if versus and versus.word == "INCONCLUSIVE" else ""
    return f"{sign(cell)}{fmt.ms(cell.latency_ms.p50)}{times}{unsure}, {cell.threads} thr"


def sign(cell: Cell) -> str:
    """ "✓ ", "* ", "s ", "*s ": what is to be known of a cell before its figures; or ""."""
    beyond = "*" * (cell.state == "measured" and not cell.qualifies)
    signs = f"{'✓' if cell.chosen else beyond}{'s' * cell.screened}"
    return f"{signs} " if signs else ""


def _style(cell: Cell) -> str:
    return "bold green" if cell.chosen else "" if cell.qualifies else "dim"


def predictions(found: Comparison) -> list[str]:
    """A sentence for each latency that was predicted."""
    return [
        f"{line.title} on {cell.target}: {fmt.ms(one.p50_ms)} "
        f"({fmt.interval(one.low_ms, one.high_ms, fmt.ms)}); {one.basis}"
        for line in found.lines
        for cell in line.cells
        if (one := cell.predicted)
    ]


def reasons(found: Comparison) -> list[str]:
    """Why cells failed or were left out: one line a reason, with whom it concerns."""
    because: dict[tuple[str, str], dict[str, None]] = {}
    for line in found.lines:
        for cell in line.cells:
            if cell.state in ("failed", "left out"):
                names = because.setdefault((cell.target, cell.reason), {})
                names[f"{line.runtime} {line.precision}"] = None
    return [
        f"{target}: {', '.join(names)}: {reason if len(reason) <= 200 else reason[:199] + '…'}"
        for (target, reason), names in because.items()
    ]
