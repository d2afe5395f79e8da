"""Names and bounds of `trial.suggest_*`, as they are asked: plain numbers, or a refusal."""

from __future__ import annotations

import math
from collections.abc import Callable
from numbers import Integral, Real
from typing import Any

from edgeopt.domain.errors import BadInput


def plain(value: Any) -> Any:
    """A scalar of NumPy's, or an array or tensor of one, as the value in it; others as they are."""
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        return value.item()
    return value


def is_text(value: str) -> bool:
    """Whether it can be written: one half of a pair of surrogates cannot."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def require_name(name: Any) -> None:
    """Refuse what is no name of a parameter. Raises BadInput."""
    if not isinstance(name, str):
        raise BadInput(f"the name of a parameter is {name!r:.60}, which is no text.", "Name it.")
    if not is_text(name):
        raise BadInput(
            f"the name of a parameter is {name!a:.60}, which is no text of Unicode.",
            "Rename it.",
        )


def real(name: str, what: str, value: Any) -> float:
    """A bound or a step of a float.

    Raises:
        BadInput: it is no finite number.
    """
    found = plain(value)
    if not isinstance(found, Real) or not math.isfinite(found):
        raise _no(name, what, value, "no finite number")
    return float(found)


def whole(name: str, what: str, value: Any) -> int:
    """A bound or a step of an int.

    Raises:
        BadInput: it is no whole number.
    """
    found = plain(value)
    if isinstance(found, Integral):
        return int(found)
    if isinstance(found, Real) and float(found).is_integer():
        return int(float(found))
    raise _no(name, what, value, "no whole number")


def numbers(name: Any, of: Callable[[str, str, Any], Any], given: dict[str, Any]) -> dict[str, Any]:
    """What bounds a suggestion, each read by `real` or `whole`.

    Raises:
        BadInput: the name is none, or one of them is no such number.
    """
    require_name(name)
    return {what: of(name, what, value) for what, value in given.items()}


def _no(name: str, what: str, value: Any, why: str) -> BadInput:
    return BadInput(
        f"{what} of {name!r:.60} is {value!r:.60}, which is {why}.", "Suggest within numbers."
    )
