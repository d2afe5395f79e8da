"""Advice: a warning as a value, and the words that help with a misspelt name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Advice:
    """A warning about the data.

    Attributes:
        text: what was noticed. advice: what to do about it, one sentence.
    """

    text: str
    advice: str

    def __str__(self) -> str:
        return f"{self.text}. {self.advice}"


def did_you_mean(word: str, options: Iterable[str]) -> str:
    """'; did you mean X?' for the option nearest to `word`, "" where none is near."""
    near = difflib.get_close_matches(word, list(options), n=1)
    return f"; did you mean '{near[0]}'?" if near else ""


def quoted(names: Iterable[str]) -> str:
    """'a', 'b', 'c': names as they stand in a message."""
    return ", ".join(f"'{name}'" for name in names)
