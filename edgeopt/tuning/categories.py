"""What a categorical suggestion is told of its choices: they may be any objects of the user's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

PLAIN = (str, int, float, bool, type(None))
HINT = "Suggest among strings, and look the object up in a dict."


def told(name: str, choices: Sequence[Any]) -> tuple[list[Any], str]:
    """The choices as they are stored, plain values as they are and others by their names.

    Returns:
        Them, and why a stored one would not find its object again: "" where it does.
    """
    words = [one if isinstance(one, PLAIN) else _called(one) for one in choices]
    reasons = (_unclear(name, one, at, words) for at, one in enumerate(choices))
    return words, next((why for why in reasons if why), "")


def _called(value: Any) -> str:
    return str(getattr(value, "__name__", None) or repr(value))


def _unclear(name: str, choice: Any, at: int, words: list[Any]) -> str:
    """Why this choice's word does not tell it from the others, in this process and the next."""
    word = words[at]
    if isinstance(choice, PLAIN):
        return ""
    if hex(id(choice)) in word:
        return f"a choice of {name!r} is known by its address alone: {word:.60}"
    if words.count(word) > 1:
        return f"two choices of {name!r} are called {word!r}"
    return ""
