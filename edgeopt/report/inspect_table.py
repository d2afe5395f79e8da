"""The page of `edgeopt inspect` for a terminal. Rich is imported when it is made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from edgeopt.domain.inspection import Costs, Inspection, ModelKind, Odd, OddKind
from edgeopt.report import format as fmt

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table

#: Operators that are named.
MOST = 8
_ODD: dict[OddKind, str] = {
    "quantized": "It is quantized already: only the file as it is can be tried.",
    "no-onnx": "It has no ONNX form: {}.",
    "one-class": "Output {} is a softmax over one class: it is always 1.",
    "mixed-scales": "In 8 bits, {} (seen on random inputs): its tail is tried in float, too.",
}


def render(found: Inspection) -> Group:
    """What it is, what it costs, what is odd, and what each runtime says."""
    from rich.console import Group

    from edgeopt.report.shown import Text

    head = Text(f"{found.path}: ", style="bold").append(kind_words(found.kind))
    if not found.suitable:
        return Group(head, Text(f"No tool for that: {found.why_not}", style="yellow"))
    odd = [Text(f"! {told}", style="yellow") for told in _odd(found)]
    after = Text("Go on with:", style="bold")
    call = Text(f"  {found.command}", no_wrap=True, overflow="ignore")  # to be copied as one line
    return Group(head, _facts(found), *odd, Text(""), _runtimes(found), Text(""), after, call)


def kind_words(kind: ModelKind) -> str:
    """ "seems to be a classifier of 10 classes"."""
    words = {
        "language model": "a language model",
        "detector": f"a detector, head {kind.detail}",
        "memory": f"a model with a memory ({kind.detail})",
        "segmentation": f"a map of classes or values, {kind.detail}",
        "classifier": f"a classifier of {kind.detail} classes, or {kind.detail} values",
        "one number": "a model that answers with one number",
        "unknown": "of no kind that its outputs show: say --task",
    }[kind.name]
    return f"{'is' if kind.sure else 'seems to be'} {words}"


def _facts(found: Inspection) -> Table:
    from rich.table import Table

    from edgeopt.report.shown import Text

    grid = Table.grid(padding=(0, 2))
    for name, told in _lines(found):
        grid.add_row(Text(f"  {name}", style="dim"), Text(told))
    return grid


def _lines(found: Inspection) -> Iterator[tuple[str, str]]:
    yield "file", f"{found.format}, {fmt.size(found.size_bytes)}"
    yield "inputs", "; ".join(map(str, found.inputs))
    yield "outputs", "; ".join(map(str, found.outputs))
    common = sorted(found.operators.items(), key=lambda one: -one[1])
    more = f", {fmt.count(len(common) - MOST, 'other kind')}" if len(common) > MOST else ""
    yield "operators", ", ".join(f"{name} {n}" for name, n in common[:MOST]) + more
    if found.costs:
        yield from _costs(found.costs)


def _costs(costs: Costs) -> Iterator[tuple[str, str]]:
    yield "parameters", f"{fmt.whole(costs.parameters)}, {fmt.size(costs.weight_bytes)}"
    not_all = f" (not counted: {', '.join(costs.uncounted)})" if costs.uncounted else ""
    yield "multiply-adds", f"{fmt.whole(costs.multiply_adds)} a call{not_all}"
    yield "activations", f"at most {fmt.size(costs.activation_bytes)} at one time, as stored"


def _odd(found: Inspection) -> Iterator[str]:
    for axis in found.open_axes:
        yield (
            f"Axis {axis.axis} of {axis.input} is open ({axis.name}): looked at with {axis.size}. "
            "The data decides, or --shape."
        )
    yield from map(_said, found.odd)


def _said(odd: Odd) -> str:
    return odd.detail if odd.kind == "said-by-source" else _ODD[odd.kind].format(odd.detail)


def _runtimes(found: Inspection) -> Table:
    """What is tried, a line a runtime; what is not, a line a reason."""
    from rich.table import Table

    from edgeopt.report.shown import Text

    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for head in ("runtime", f"tried on {found.target}", "not tried"):
        table.add_column(Text(head), overflow="fold")
    for runtime in dict.fromkeys(one.runtime for one in found.outlooks):
        own = [one for one in found.outlooks if one.runtime == runtime]
        tried = ", ".join(one.precision for one in own if one.tried) or fmt.DASH
        because: dict[str, list[str]] = {}
        for one in own:
            if not one.tried:
                why = f"{one.reason} ({one.hint})" if one.hint else one.reason
                because.setdefault(why, []).append(one.precision)
        out = "; ".join(f"{', '.join(names)}: {why}" for why, names in because.items())
        table.add_row(Text(runtime), Text(tried), Text(out, style="dim"))
    return table
