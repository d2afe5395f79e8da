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
    "ncnn has three axes": r"ncnn's values have three axes beside the batch"
    r"|ncnn's values have three axes, .* nothing in the model tells pnnx which of them is",
    "batch above 1": r"ncnn has no batch axis, and .* is a batch of \d+",
    # Names of pnnx's own, which it leaves where it has no layer of ncnn's for them.
    "no layer of ncnn's": r"pnnx has no ncnn form of (F|torch|Tensor|pnnx|nn)\.",
    "pnnx drops parameters": r"pnnx drops [\w, ]+ of \S+",
    "pnnx drops inputs": r"pnnx made \d+ inputs of the source's \d+: it drops those that nothing",
    "pnnx crashes": r"pnnx (crashed|aborted) \(SIG",
    "no 64-bit floats in ncnn": r"ncnn computes in 32-bit floats; input .* is float64",
    "32-bit floats end": r"ended at 3\.40282e\+38, the largest of 32-bit floats",
    "ncnn has no length 0": r"ncnn has no values of length 0",
    # Of the light models, whose weights are constants: logits of 1e10, and 1000 equal classes.
    "rounding decides": r"rounding decides the model's answers: .* is given values up to",
    "8 bits hold no thousandth": r"its answers are all 0 \(the source's: 0\.001\)",
    "no 64-bit floats in LiteRT": r"Type FLOAT64 is unsupported by op",
}


def kind_of(reason: str) -> str:
    """The class of a reason that is true; "" where nobody has looked at it."""
    found = (kind for kind, pattern in TRUE_REASONS.items() if re.search(pattern, reason))
    return next(found, "")
