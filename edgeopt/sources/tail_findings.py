"""What 8 bits would do badly in the tail of a graph, and where: pure functions of its operators."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from edgeopt.domain.layers import Operator
from edgeopt.domain.tail import FindingKind, Tail, TailFinding, ValueRange
from edgeopt.sources.tail import TailGraph, is_softmax, word

#: (least, largest) value of a tensor.
Range = tuple[float, float]

#: Ranges so many times apart leave the smaller one two of its eight bits less.
UNLIKE = 4.0

_JOINING = ("concat", "concatenation", "concatv2", "cat")
_SHARES = ("sigmoid", "logistic", "hardsigmoid")
_SHIFTING = ("add", "sub", "subtract", "pow", "power")
_SCALING = ("mul", "multiply", "div", "divide")
_SELECTING = ("nonmaxsuppression", "topk", "greater", "less", "nonzero")


def joined(graph: TailGraph) -> list[int]:
    """The concatenations of the tail: where ranges meet."""
    return [
        i for i in graph.tail
        if word(graph.operators[i]) in _JOINING and len(graph.operators[i].inputs) > 1
    ]  # fmt: skip


def found(operators: Sequence[Operator], ranges: Mapping[str, Range]) -> Tail:
    """The tail of a graph.

    Args:
        operators: in order of execution. ranges: of tensors that meet in a concatenation, as far
            as they were measured; of others it counts whether they are shares of 1.
    """
    graph = TailGraph(operators)
    inside = set(graph.tail)
    unlike = {i: one for i in joined(graph) if (one := _unlike(graph, i, ranges))}
    listed: list[TailFinding] = [
        TailFinding(kind="unlike-ranges", operators=(operators[i].name,), ranges=one)
        for i, one in unlike.items()
    ]
    listed += [
        TailFinding(kind="one-scale", operators=(operators[i].name,), ranges=one)
        for i, one in unlike.items()
        if _leaves(graph, i)
    ]
    for kind, look in _LOOKS.items():
        names = tuple(operators[i].name for i in look(graph) if i in inside)
        if names:
            listed.append(TailFinding(kind=kind, operators=names))
    return Tail(
        findings=tuple(listed),
        operators=tuple(operators[i].name for i in graph.tail),
        ends=graph.ends,
        layers=tuple(operators[i].name for i in graph.last),
    )


def _unlike(graph: TailGraph, number: int, ranges: Mapping[str, Range]) -> tuple[ValueRange, ...]:
    """The ranges that meet in a concatenation, where they are unlike; else ()."""
    inputs = graph.operators[number].inputs
    met = tuple(_range(name, ranges) for name in inputs)
    reaches = [one.reach for one in met if one.reach is not None]
    if len(reaches) == len(met):
        least = min((reach for reach in reaches if reach > 0), default=0.0)
        return met if least and max(reaches) >= UNLIKE * least else ()
    shares = {_is_share(graph, name) for name in inputs}
    return met if len(shares) > 1 else ()


def _range(name: str, ranges: Mapping[str, Range]) -> ValueRange:
    low, high = ranges.get(name, (None, None))
    return ValueRange(tensor=name, low=low, high=high)


def _is_share(graph: TailGraph, tensor: str) -> bool:
    """Whether it is within 0 to 1 by what makes it."""
    maker = graph.makers.get(graph.moved_from(tensor))
    if maker is None:
        return False
    op = graph.operators[maker]
    if word(op) in _SHARES or word(op) == "softmax":
        return True
    if word(op) in (*_JOINING, "mul", "multiply", "reducemax") and not op.constants:
        return all(_is_share(graph, name) for name in op.inputs)
    return False


def _leaves(graph: TailGraph, number: int) -> bool:
    """Whether nothing but the graph's end reads it."""
    return not any(True for name in graph.operators[number].outputs for _ in graph.moved_to(name))


def _sums(graph: TailGraph) -> Iterator[int]:
    """Softmaxes whose values are weighted by constants and added up."""
    for i, op in enumerate(graph.operators):
        if is_softmax(op):
            after = {reader for name in op.outputs for reader in graph.moved_to(name)}
            if any(graph.sums_up(reader) or _adds_up(graph, reader) for reader in after):
                yield i


def _adds_up(graph: TailGraph, number: int) -> bool:
    op = graph.operators[number]
    if word(op) not in _SCALING or len(op.inputs) != 1:
        return False
    after = (graph.operators[i] for name in op.outputs for i in graph.moved_to(name))
    return any(word(one) in ("reducesum", "sum") for one in after)


def _exponentials(graph: TailGraph) -> Iterator[int]:
    """Exponentials that are no part of a softmax."""
    for i, op in enumerate(graph.operators):
        after = [graph.operators[r] for name in op.outputs for r in graph.readers.get(name, ())]
        if word(op) == "exp" and not any(word(one) in ("reducesum", "sum") for one in after):
            yield i


def _shifted_shares(graph: TailGraph) -> Iterator[int]:
    """Sigmoids whose values are moved or squared: places and sizes, not scores."""
    for i, op in enumerate(graph.operators):
        if word(op) in _SHARES and any(_shifted(graph, name) for name in op.outputs):
            yield i


def _shifted(graph: TailGraph, tensor: str) -> bool:
    for reader in graph.moved_to(tensor):
        op = graph.operators[reader]
        if word(op) in _SHIFTING:
            return True
        scaled = word(op) in _SCALING and len(op.inputs) == 1  # by a constant
        if scaled and any(_shifted(graph, name) for name in op.outputs):
            return True
    return False


def _selections(graph: TailGraph) -> Iterator[int]:
    for i, op in enumerate(graph.operators):
        if word(op).startswith(_SELECTING):
            yield i


_LOOKS: dict[FindingKind, Callable[[TailGraph], Iterator[int]]] = {
    "weighted-sum": _sums,
    "exp-decode": _exponentials,
    "sigmoid-decode": _shifted_shares,
    "selection": _selections,
}
