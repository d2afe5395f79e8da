"""The tables of `edgeopt explain`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeopt.domain.explanation import Cost, Explanation, LayerCost, Side
from edgeopt.domain.visible import lines
from edgeopt.report import format as fmt
from edgeopt.report import roof_table
from edgeopt.report.explain_words import name

if TYPE_CHECKING:
    from rich.console import Group, RenderableType
    from rich.table import Table

    from edgeopt.report.shown import Text

KINDS = {
    "compute": "convolutions and matrix products",
    "conversion": "conversions of type or layout",
    "other": "other operators",
    "outside": "outside of operators",
}


def render(found: Explanation, top: int) -> Group:
    """The sentence, the costs by kind, the layers that differ most, how it was taken.

    Args:
        top: layers shown.
    """
    from rich.console import Group

    timed = [row for row in found.layers if row.a_ms or row.b_ms]
    shown = timed[:top]
    parts: list[RenderableType] = [
        _text(lines("", found.sentence, ""), "bold"),
        _costs(found),
    ]
    parts += [_text("", ""), _layers(found, shown)] if shown else []
    hidden = len(timed) - len(shown)
    if shown and hidden > 0:
        parts.append(_text(f"… {hidden} more with smaller differences", "dim"))
    parts += [_text(lines("", *roof_table.sentences(found)), "")]
    by_roof = roof_table.layers(found, top)
    parts += [_text("", ""), by_roof] if by_roof else []
    parts += [_text(lines("", _method(found)), "dim")]
    parts += [_item(caveat, "yellow") for caveat in found.caveats]
    return Group(*parts)


def _costs(found: Explanation) -> Table:
    table = _table(("where the time goes", "left"), *_pair(found), ("difference", "right"))
    for cost in found.costs:
        if cost.a_ms or cost.b_ms:
            table.add_row(
                _kind(cost),
                _counted(cost.a_ms, cost.a_count),
                _counted(cost.b_ms, cost.b_count),
                fmt.change(cost.a_ms - cost.b_ms),
            )
    a, b = sum(c.a_ms for c in found.costs), sum(c.b_ms for c in found.costs)
    table.add_row("sum", fmt.ms(a), fmt.ms(b), fmt.change(a - b), style="bold")
    return table


def _kind(cost: Cost) -> str:
    words = KINDS[cost.kind]
    return f"{words}, {cost.precision}" if cost.precision else words


def _counted(ms: float, count: int) -> str:
    if not ms:
        return fmt.DASH
    return f"{fmt.ms(ms)} in {count}" if count else fmt.ms(ms)


def _layers(found: Explanation, shown: list[LayerCost]) -> Table:
    table = _table(("layer", "left"), *_pair(found), ("difference", "right"))
    for row in shown:
        same = row.a == row.b
        table.add_row(
            _text(row.layer, "").append(lines("", row.a) if same else "", style="dim"),
            _ran("" if same else row.a, row.a_ms, row.a_precision, row.a_fallback),
            _ran("" if same else row.b, row.b_ms, row.b_precision, row.b_fallback),
            fmt.change(row.more_ms),
        )
    return table


def _ran(words: str, ms: float, precision: str | None, fallback: bool) -> Text:
    """What it took and in which arithmetic; below it what ran, where the other ran something
    else."""
    if not ms:
        return _text(fmt.DASH, "")
    slow = ", fallback" if fallback else ""
    text = _text(f"{fmt.ms(ms)} {precision or ''}{slow}", "")
    return text.append(lines("", words), style="dim") if words else text


def _pair(found: Explanation) -> tuple[tuple[str, str], tuple[str, str]]:
    return (_heading(found.a, found.b), "right"), (_heading(found.b, found.a), "right")


def _heading(side: Side, other: Side) -> str:
    threads = "" if side.threads == other.threads else f" {fmt.count(side.threads, 'thread')}"
    return f"{name(side)}{threads}"


def _method(found: Explanation) -> str:
    """How the times were come by."""
    how = dict.fromkeys((found.a.profile.how, found.b.profile.how))
    threads = fmt.span((found.a.threads, found.b.threads), "thread")
    runs = fmt.span((found.a.profile.runs, found.b.profile.runs), "profiled run")
    return (
        f"From {' and '.join(how)}: {runs} each, taken in turns, the middle half of them "
        f"counted; {threads}; inputs: {found.inputs}; on {found.device}."
    )


def _table(*columns: tuple[str, str]) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    for heading, justify in columns:
        table.add_column(heading, justify=justify, overflow="fold")  # type: ignore[arg-type]
    return table


def _item(words: str, style: str) -> Table:
    """A line of a list, indented where it goes on."""
    from rich.table import Table

    grid = Table.grid(padding=(0, 1))
    grid.add_row(" -", _text(words, style))
    return grid


def _text(words: str, style: str) -> Text:
    from edgeopt.report.shown import Text

    return Text(words, style=style)
