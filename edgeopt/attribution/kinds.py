"""What an operator is there for, told by its type in the words of any runtime."""

from __future__ import annotations

import re

from edgeopt.domain.explanation import Kind
from edgeopt.domain.time_profile import OperatorTime

_COMPUTE = re.compile(
    r"conv(?!ert)|gemm|mat_?mul|fully.?connected|matrix multiply|lstm|gru\b|rnn|attention|sdpa",
    re.IGNORECASE,
)
_CONVERSION = re.compile(
    r"quantize|^cast$|int8.?to.?float|float.?to.?int8|convert|reorder|transpose|permute|^copy$|layout",
    re.IGNORECASE,
)
#: OpenVINO's generated kernels: one that changes the element type is there for that.
_GENERATED = ("Subgraph", "Eltwise")
_INTEGERS = ("int8", "int8-dynamic", "int16", "int4")


def kind(op: OperatorTime) -> Kind:
    """Whether an operator computes, converts, or does something else."""
    if computes(op.type):
        return "compute"
    if _CONVERSION.search(op.type):
        return "conversion"
    known = op.type in _GENERATED and op.precision and op.output
    if known and is_integer(op.precision) != is_integer(op.output):
        return "conversion"
    return "other"


def computes(type: str) -> bool:
    """Whether operators of a type are convolutions, matrix products or made of them."""
    return bool(_COMPUTE.search(type))


def is_integer(precision: str | None) -> bool:
    """Whether an arithmetic is of small integers, not of floats."""
    return precision in _INTEGERS


def asks_for_integers(precision: str) -> bool:
    """Whether a recipe wants its arithmetic in integers, so that a float means a fallback."""
    return precision in ("int8-static", "int8-dynamic")
