"""What parity says of a form's answers, and answers as sound forms give them."""

from __future__ import annotations

import numpy as np

from edgeopt.domain.errors import StepFailed
from edgeopt.pipeline.parity_check import parity


def verdict(precision, own, theirs):
    """ "" where it is near enough, else the reason."""
    if not isinstance(theirs, dict):
        own, theirs = {"y": own}, {"y": theirs}
    try:
        parity(precision, own, theirs)
    except StepFailed as error:
        return error.reason
    return ""


def rounded(array, precision):
    """As a sound form of a precision answers: rounded as it rounds."""
    if precision == "fp32":
        return array * (1 + 1e-6 * np.random.default_rng(2).normal(size=array.shape))
    if precision == "fp16":
        return array.astype(np.float16).astype(np.float32)
    if precision == "bf16":
        bits = array.astype(np.float32).view(np.uint32) + 0x8000
        return (bits & 0xFFFF0000).astype(np.uint32).view(np.float32)
    step = (max(array.max(), 0) - min(array.min(), 0)) / 255  # zero is always in the range
    return np.round(array / step) * step
