"""What the numbers of a request may be: the command line's and Python's callers' alike."""

from __future__ import annotations

import math
import numbers
from typing import Any, NamedTuple

from edgeopt.domain.errors import BadInput


class Bound(NamedTuple):
    """A range of numbers, both ends in it.

    Attributes:
        option: what the number is called where it is asked for.
        unit: after the number in a sentence, or "".
        why: what is said of one outside.
    """

    option: str
    low: float
    high: float
    unit: str
    why: str


BOUNDS = {
    "seed": Bound("--seed", 0, 2**32 - 1, "", "A seed is a whole number of 32 bits."),
    "step_timeout_s": Bound(
        "--step-timeout", 1e-3, 1e7, " s", "It is how long one step may take; 300 s is usual."
    ),
    "max_size_bytes": Bound(
        "--max-size", 1, 1e15, " bytes", "Leave it out where there is no limit."
    ),
    "max_latency_ms": Bound(
        "--max-latency", 1e-6, 1e9, " ms", "Leave it out where there is no limit."
    ),
    "max_p90_ms": Bound("--max-p90", 1e-6, 1e9, " ms", "Leave it out where there is no limit."),
    "max_memory_bytes": Bound(
        "--max-memory", 1, 1e15, " bytes", "Leave it out where there is no limit."
    ),
    "max_energy_mj": Bound(
        "--max-energy", 1e-9, 1e12, " mJ", "Leave it out where there is no limit."
    ),
    "max_drop": Bound("--max-drop", 0, 1, "", "A drop of 0.01 is one point."),
    "max_slice_drop": Bound("--max-slice-drop", 0, 1, "", "A drop of 0.01 is one point."),
    "fps": Bound("--fps", 0.01, 1e6, "", "It is how many frames come in a second."),
    "sustained_s": Bound(
        "--sustained", 1, 604_800, " s", "Write --sustained 10m, 90s or 1h: a week at most."
    ),
    "trials": Bound("--trials", 1, 1e6, "", "It is how many trials a search may take."),
    "time_s": Bound("--time", 1, 31_622_400, " s", "Write --time 20m, 90s or 2h."),
    "trial_timeout_s": Bound(
        "--trial-timeout", 0.1, 1e7, " s", "It is how long build and train may take together."
    ),
    "threads": Bound("--threads", 1, 1024, "", "As many as there are cores is usual."),
    "left_bytes": Bound("--to", 0, 1e15, " bytes", "It is how much of the cache is left."),
    "batch": Bound("--batch", 1, 1024, "", "It is how many samples are taken at once."),
    "streams": Bound("--streams", 1, 1024, "", "It is how many sessions run at once."),
}


#: Numbers that count something.
_WHOLE = frozenset({"seed", "trials", "threads", "batch", "streams"})


def require_said(name: str, value: Any) -> None:
    """The same where nothing is no answer.

    Raises:
        BadInput: as `require`, and of None.
    """
    if value is None:
        raise BadInput(f"{_wanted(name)}, but got None.", BOUNDS[name].why)
    require(name, value)


def require(name: str, value: Any) -> None:
    """Refuse a number outside its bound, and what is no number; None passes.

    Args:
        name: of `BOUNDS`.

    Raises:
        BadInput: it is outside, or NaN; it is no number, or has a fraction and counts something.
    """
    bound = BOUNDS[name]
    if value is None:
        return
    kind = numbers.Integral if name in _WHOLE else numbers.Real
    if isinstance(value, bool) or not isinstance(value, kind):
        raise BadInput(f"{_wanted(name)}, but got {f'{value!r}'[:60]}.", bound.why)
    number: Any = value
    if math.isfinite(_float(number)) and bound.low <= number <= bound.high:
        return
    raise BadInput(
        f"{bound.option} must be from {bound.low:,.12g} to {bound.high:,.12g}{bound.unit}, "
        f"but got {_text(value)}.",
        bound.why,
    )


def _wanted(name: str) -> str:
    """What a number is to be."""
    bound, kind = BOUNDS[name], "whole number" if name in _WHOLE else "number"
    return f"{bound.option} must be a {kind}{f' of{bound.unit}' if bound.unit else ''}"


def _float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _text(value: Any) -> str:
    """A number as it was given, shortened."""
    text = f"{value:g}" if isinstance(value, float) else _digits(value)
    return text if len(text) <= 40 else f"{text[:20]}... ({len(text)} digits)"


def _digits(value: Any) -> str:
    try:
        return str(value)
    except ValueError:  # Python writes out no more than 4,300 digits
        return f"about 2^{value.bit_length()}"
