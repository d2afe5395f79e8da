"""The tables of `edgeopt roof`, and the one of layers in `edgeopt explain`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeopt.domain.explanation import Explanation, Side
from edgeopt.domain.nearness import Nearness
from edgeopt.domain.roof import ARITHMETICS, Roof
from edgeopt.report import format as fmt
from edgeopt.report import roof_words as words
from edgeopt.report.words import finding as told

if TYPE_CHECKING:
    from rich.console import Group, RenderableType
    from rich.table import Table


def render(roof: Roof) -> Group:
    """Peaks by runtime and arithmetic, bandwidth by level, what is missing, and warnings."""
    from rich.console import Group

    from edgeopt.report.shown import Text

    head = f"{roof.device}, {fmt.count(roof.threads, 'thread')}, measured {roof.measured}"
    parts: list[RenderableType] = [Text(head, style="bold"), Text(""), _peaks(roof)]
    if roof.levels:
        parts += [Text(""), _levels(roof)]
    parts += [Text(f" - {name}: {why}", style="dim") for name, why in roof.why_null.items()]
    parts += [Text(f" - {told(one)}", style="yellow") for one in roof.findings]
    return Group(*parts)


def _peaks(roof: Roof) -> Table:
    ran = [name for name in ARITHMETICS if roof.peak(name)]
    table = _table(("billion multiply-adds a second", "left"), *((name, "right") for name in ran))
    for runtime in dict.fromkeys(peak.runtime for peak in roof.peaks):
        table.add_row(runtime, *(_best(roof, runtime, name) for name in ran))
    table.add_row("the most", *(_best(roof, "", name) for name in ran), style="bold")
    return table


def _best(roof: Roof, runtime: str, arithmetic: str) -> str:
    those = [
        peak.multiply_adds_per_s
        for peak in roof.peaks
        if peak.arithmetic == arithmetic and runtime in ("", peak.runtime)
    ]
    return words.billions(max(those)) if those else fmt.DASH


def _levels(roof: Roof) -> Table:
    table = _table(
        ("billion bytes a second", "left"),
        ("holds", "right"),
        ("read", "right"),
        ("copied", "right"),
    )
    for level in roof.levels:
        table.add_row(
            level.name,
            fmt.size(level.bytes, fmt.DASH),
            words.billions(level.read_bytes_per_s),
            words.billions(level.copy_bytes_per_s),
        )
    return table


def sentences(found: Explanation) -> list[str]:
    """How near both candidates come."""
    sides = (found.a, found.b)
    said = [words.sentence(_name(s), n) for s, n in zip(sides, found.nearness, strict=False)]
    if any(near.whole.why == "no-roof" for near in found.nearness):
        return ["What this machine can do at most is not known. " + words.HINT]
    return said + words.doubts(found.roofs)


def layers(found: Explanation, top: int) -> Table | None:
    """The longest layers of the first candidate; None where no roof was measured."""
    if not found.nearness or found.nearness[0].whole.why in ("no-roof", "elsewhere"):
        return None
    near: Nearness = found.nearness[0]
    table = _table(
        (f"{_name(found.a)}: layer", "left"), ("takes", "right"), ("of its roof", "right"),
        ("bound by", "left"),
    )  # fmt: skip
    for row in near.layers[:top]:
        share = fmt.DASH if row.share is None else fmt.share(row.share)
        table.add_row(_text(f"{row.layer} ({row.kind})"), fmt.ms(row.ms), share, words.bound(row))
    return table


def _name(side: Side) -> str:
    return f"{side.runtime} {side.precision}"


def _text(said: str) -> RenderableType:
    from edgeopt.report.shown import Text

    return Text(said)


def _table(*columns: tuple[str, str]) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    for heading, justify in columns:
        table.add_column(heading, justify=justify, overflow="fold")  # type: ignore[arg-type]
    return table
