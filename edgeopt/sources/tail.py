"""Which operators of a graph come after its last weights: pure functions of any runtime's graph.

A detector's decode is there: what joins boxes and scores, weights bins, applies exp, selects.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from edgeopt.domain.layers import Operator

#: Operators that only move values, in the words of ONNX, OpenVINO, LiteRT and PyTorch.
MOVING = frozenset(
    (
        *("reshape", "transpose", "permute", "view", "flatten", "identity", "cast", "convert"),
        *("squeeze", "unsqueeze", "expanddims", "slice", "stridedslice", "split", "splitv"),
        *("variadicsplit", "gather", "unpack", "pack", "clone", "contiguous"),
    )
)

#: Those that hold weights which are not counted as such (`Operator.computes`), or whole graphs.
_HOLDING = ("lstm", "gru", "rnn", "svdf", "unidirectional", "bidirectional", "attention", "loop",
            "scan", "if", "while", "tensoriterator", "call")  # fmt: skip

#: A weighted sum makes one value of so many at least.
_LEAST_SUMMED = 2


def word(operator: Operator) -> str:
    """Its type, however a runtime writes it: "SOFTMAX", "SoftMax" and "softmax.int" are one."""
    return operator.type.partition(".")[0].replace("_", "").casefold()


def numbers(operators: Sequence[Operator]) -> frozenset[int]:
    """The operators after the last ones with weights; none where nothing has weights."""
    return frozenset(TailGraph(operators).tail)


def last_layers(operators: Sequence[Operator]) -> tuple[int, ...]:
    """The operators with weights behind which no other one is: the last of each branch."""
    return TailGraph(operators).last


@dataclass(frozen=True)
class TailGraph:
    """A graph in order of execution."""

    operators: Sequence[Operator]

    @cached_property
    def makers(self) -> dict[str, int]:
        """tensor -> the number of the operator that makes it."""
        return {name: i for i, op in enumerate(self.operators) for name in op.outputs}

    @cached_property
    def readers(self) -> dict[str, list[int]]:
        """tensor -> the numbers of the operators that read it."""
        found: dict[str, list[int]] = {}
        for i, op in enumerate(self.operators):
            for name in op.inputs:
                found.setdefault(name, []).append(i)
        return found

    @cached_property
    def weighted(self) -> frozenset[int]:
        """Operators with weights that were learned."""
        return frozenset(
            i for i, op in enumerate(self.operators)
            if word(op).startswith(_HOLDING) or (op.computes and not self.sums_up(i))
        )  # fmt: skip

    @cached_property
    def _open(self) -> frozenset[int]:
        """Operators from which none with weights is reached."""
        closed: set[str] = set()
        found = []
        for i in reversed(range(len(self.operators))):
            op = self.operators[i]
            ahead = any(name in closed for name in op.outputs)
            if not ahead:
                found.append(i)
            if ahead or i in self.weighted:
                closed.update(op.inputs)
        return frozenset(found)

    @cached_property
    def tail(self) -> tuple[int, ...]:
        return tuple(sorted(self._open - self.weighted)) if self.weighted else ()

    @cached_property
    def last(self) -> tuple[int, ...]:
        return tuple(sorted(self._open & self.weighted))

    @cached_property
    def ends(self) -> tuple[str, ...]:
        """The tensors that enter the tail, or leave the graph right behind a last layer."""
        inside = set(self.tail)
        entering = (
            name for i in self.tail if not word(self.operators[i]).startswith("shape")
            for name in self.operators[i].inputs
            if name in self.makers and self.makers[name] not in inside
        )  # fmt: skip
        leaving = (name for i in self.last for name in self.operators[i].outputs)
        return tuple(dict.fromkeys((*leaving, *entering)))

    def sums_up(self, number: int) -> bool:
        """Whether its constants weight what a softmax gives: bins, not features."""
        op = self.operators[number]
        if not op.computes or len(op.inputs) != 1:
            return False
        maker = self.makers.get(self.moved_from(op.inputs[0]))
        if maker is None or not is_softmax(self.operators[maker]):
            return False
        given, made = self.operators[maker].elements, op.elements
        return not given or not made or given >= _LEAST_SUMMED * made

    def moved_from(self, tensor: str) -> str:
        """The tensor that it is a part or another shape of."""
        while True:
            maker = self.makers.get(tensor)
            if maker is None or word(self.operators[maker]) not in MOVING:
                return tensor
            inputs = self.operators[maker].inputs
            if not inputs:
                return tensor
            tensor = inputs[0]

    def moved_to(self, tensor: str) -> Iterator[int]:
        """The operators that compute with it, through those that only move it."""
        for i in self.readers.get(tensor, ()):
            if word(self.operators[i]) in MOVING:
                for name in self.operators[i].outputs:
                    yield from self.moved_to(name)
            else:
                yield i


def is_softmax(operator: Operator) -> bool:
    """Whether what it gives sums to 1."""
    return word(operator) == "softmax"
