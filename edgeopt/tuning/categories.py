"""What a categorical suggestion is told of its choices: they may be any objects of the user's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edgeopt.domain.errors import BadInput
from edgeopt.sources import no_model
from edgeopt.tuning.parameters import is_text, plain

PLAIN = (str, int, float, bool, type(None))
HINT = "Suggest among strings, and look the object up in a dict."


def listed(name: str, choices: Any) -> list[Any]:
    """The choices in their order, what NumPy holds as plain values.

    Raises:
        BadInput: they have no order, or can be gone through once only.
    """
    if hasattr(choices, "tolist"):  # an array, a tensor, a column
        choices = choices.tolist()
    if not isinstance(choices, Sequence):
        raise BadInput(
            f"the choices of {name!r:.60} are {no_model.shown(choices)}, which is no sequence.",
            "Give a list: list(...), or sorted(...) of a set.",
        )
    return [plain(one) for one in choices]


def told(name: str, choices: Sequence[Any]) -> list[Any]:
    """The choices as they are stored, plain values as they are and others by their names.

    Raises:
        BadInput: a stored one would not find its object again.
    """
    words = [one if isinstance(one, PLAIN) else _called(one) for one in choices]
    for at, one in enumerate(choices):
        if why := _unclear(name, one, at, words):
            raise BadInput(why, HINT)
    return words


def _called(value: Any) -> str:
    return str(getattr(value, "__name__", None) or repr(value))


def _unclear(name: str, choice: Any, at: int, words: list[Any]) -> str:
    """Why this choice's word does not tell it from the others, in this process and the next."""
    word = words[at]
    if word != word:
        return f"a choice of {name!r:.60} is NaN, which equals nothing"
    if isinstance(word, str) and not is_text(word):
        return f"a choice of {name!r:.60} is {word!a:.60}, which is no text of Unicode"
    if isinstance(choice, PLAIN):
        return ""
    if hex(id(choice)) in word:
        return f"a choice of {name!r} is known by its address alone: {word:.60}"
    if words.count(word) > 1:
        return f"two choices of {name!r} are called {word!r}"
    return ""
