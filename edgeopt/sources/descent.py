"""What a value is, told without importing the library that it is of."""

from __future__ import annotations

from typing import Any


def descends_from(value: Any, package: str, name: str) -> bool:
    """Whether a class of that name is among its ancestors, without importing the package."""
    return any(
        kind.__name__ == name and kind.__module__.split(".")[0] == package
        for kind in type(value).__mro__
    )
