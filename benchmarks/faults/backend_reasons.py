"""Reasons of refusals that were looked at and are true: what a user is told is so.

A refusal whose sentence is in none of these rows is counted as false until somebody has looked.
"""

from __future__ import annotations

import re

#: Class -> what its sentence looks like.
TRUE_REASONS = {
    "no tensors of numbers": r"is a (sequence|optional|map)|is a tensor of type (string|object)"
    r"|not a tensor",
    "training operators": r"Gradient",
    "ncnn takes floats": r"ncnn takes floats; input .* is (int|uint|bool|float64)",
    "ncnn has three axes": r"ncnn's values have three axes beside the batch",
    "batch above 1": r"ncnn has no batch axis",
    "empty tensors": r"has a dimension of length 0",
}


def kind_of(reason: str) -> str:
    """The class of a reason that is true; "" where nobody has looked at it."""
    found = (kind for kind, pattern in TRUE_REASONS.items() if re.search(pattern, reason))
    return next(found, "")
