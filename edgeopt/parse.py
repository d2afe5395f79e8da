"""Words of the command line to values: shares, sizes, shapes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgeopt.domain.errors import BadInput

if TYPE_CHECKING:
    from edgeopt.datasets.image_folder import Preprocessing

_UNITS = {"b": 1, "kb": 1000, "mb": 1000**2, "gb": 1000**3, "kib": 1024, "mib": 1024**2}


def share(text: str) -> float:
    """ "1%" or "0.01" -> 0.01.

    Raises:
        BadInput: no number, or not within 0..1.
    """
    number, percent = (text[:-1], True) if text.strip().endswith("%") else (text, False)
    try:
        value = float(number) / (100 if percent else 1)
    except ValueError:
        raise BadInput(
            f"{text!r} is no share.", "Write --max-drop 1% or --max-drop 0.01."
        ) from None
    if not 0 <= value <= 1:
        hint = f"Did you mean {text}%?" if not percent else "Write --max-drop 1%."
        raise BadInput(f"a drop must be within 0 and 1, but got {text}.", hint)
    return value


def size(text: str) -> int:
    """ "5MB" -> 5000000 bytes.

    Raises:
        BadInput: no number with a unit.
    """
    match = re.fullmatch(r"\s*([0-9.]+)\s*([a-zA-Z]*)\s*", text)
    unit = (match[2].lower() or "b") if match else ""
    if not match or unit not in _UNITS:
        raise BadInput(f"{text!r} is no size.", "Write --max-size 5MB or --max-size 800kB.")
    return int(float(match[1]) * _UNITS[unit])


def shapes(texts: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """["x=1x3x224x224"] -> {"x": (1, 3, 224, 224)}; "x=" is a scalar.

    Raises:
        BadInput: not of that form.
    """
    found = {}
    for text in texts:
        name, equals, dims = text.partition("=")
        if not equals or not re.fullmatch(r"(\d+(x\d+)*)?", dims):
            raise BadInput(f"{text!r} is no shape.", "Write --shape NAME=1x3x224x224.")
        found[name] = tuple(int(dim) for dim in dims.split("x")) if dims else ()
    return found


def preprocessing(text: str | None) -> Preprocessing | None:
    """What is done to images, None where nothing is said.

    Raises:
        BadInput: see `datasets.image_folder.Preprocessing`.
    """
    if text is None:
        return None
    from edgeopt.datasets.image_folder import Preprocessing

    return Preprocessing.parse(text)
