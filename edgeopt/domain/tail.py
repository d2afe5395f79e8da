"""The tail of a graph: what follows its last layers with weights, and what 8 bits do to it."""

from __future__ import annotations

from typing import Literal

from edgeopt.domain.model import Value

#: What is found in a tail that integers do badly.
#:
#: "unlike-ranges": one concatenation of tensors of unlike ranges. "one-scale": an output that holds
#: one. "weighted-sum": softmax and a weighted sum of it (distribution focal loss, Li et al., 2020).
#: "exp-decode", "sigmoid-decode": boxes from such a value. "selection": thresholds, the best
#: of all, or NMS.
FindingKind = Literal[
    "unlike-ranges", "one-scale", "weighted-sum", "exp-decode", "sigmoid-decode", "selection"
]


class ValueRange(Value, kw_only=True, frozen=True):
    """The least and the largest value of a tensor over a few samples; null where not measured."""

    tensor: str
    low: float | None
    high: float | None

    @property
    def reach(self) -> float | None:
        """The largest distance from 0."""
        if self.low is None or self.high is None:
            return None
        return max(abs(self.low), abs(self.high))


class TailFinding(Value, kw_only=True, frozen=True):
    """One cause of loss in 8 bits.

    Attributes:
        operators: names of the ONNX nodes. ranges: of the tensors that meet there; () where it is
            not about ranges.
    """

    kind: FindingKind
    operators: tuple[str, ...]
    ranges: tuple[ValueRange, ...] = ()


class Tail(Value, kw_only=True, frozen=True):
    """What comes after the last convolutions and products with weights, in the ONNX form.

    Attributes:
        findings: what integers would do badly there; without any there is nothing to split.
        operators: names of its nodes, in order of execution.
        ends: the tensors that enter it, one for each branch. layers: names of the nodes with
            weights that come last, one for each branch.
    """

    findings: tuple[TailFinding, ...] = ()
    operators: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
