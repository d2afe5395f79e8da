"""Of which kind each argument of a search is: Python's callers may give anything."""

from __future__ import annotations

from typing import Any, NamedTuple

from edgeopt.datasets.image_folder import Preprocessing
from edgeopt.datasets.preparation_asked import PreparationAsked
from edgeopt.domain.errors import BadInput
from edgeopt.domain.task import TaskAsked


class Kind(NamedTuple):
    """Types, and what they are called. `each`: of what is in a tuple."""

    types: tuple[type, ...]
    words: str
    each: bool = False


_NOTHING = type(None)
_TEXT = Kind((str,), "a text")
_MAYBE = Kind((str, _NOTHING), "a text or None")
_SWITCH = Kind((bool,), "True or False")
_NAMES = Kind((str,), "a name or several of them", each=True)

KINDS = {
    "targets": _NAMES,
    "devices": _NAMES,
    "objectives": _NAMES,
    "metric": Kind((str, _NOTHING), 'a name, "module:function" or None'),
    "form": _MAYBE,
    "output": _MAYBE,
    "storage": Kind((str, _NOTHING), "a path, a URL or None"),
    "scheduler": Kind((str, _NOTHING), 'an address, "local:4" or None'),
    "target": _TEXT,
    "sampler": _TEXT,
    "pruner": _TEXT,
    "name": _TEXT,
    "score_by": _TEXT,
    "budget": _TEXT,
    "trust": _SWITCH,
    "cache": _SWITCH,
    "tensorboard": _SWITCH,
    "reports_loss": _SWITCH,
    "bundle": _SWITCH,
    "task": Kind((TaskAsked,), "a text or a TaskAsked"),
    "preprocessing": Kind(
        (Preprocessing, PreparationAsked, _NOTHING), "a Preprocessing, a PreparationAsked or None"
    ),
}


def require(name: str, value: Any) -> None:
    """Refuse an argument of another kind.

    Args:
        name: of `KINDS`.

    Raises:
        BadInput: one sentence names it, what was found and what is wanted.
    """
    kind = KINDS[name]
    for one in value if kind.each else (value,):
        if not isinstance(one, kind.types):
            raise BadInput(f"{name} is {shown(one)}, and {kind.words} is wanted.")


def require_all(given: Any) -> None:
    """The same of all fields of a dataclass that are in the table. Raises BadInput."""
    for name in given.__dataclass_fields__.keys() & KINDS.keys():
        require(name, getattr(given, name))


def names(name: str, value: Any) -> tuple[Any, ...]:
    """One name, or several, as a tuple.

    Raises:
        BadInput: it is neither.
    """
    if isinstance(value, str):
        return (value,)
    try:
        return tuple(value)
    except TypeError:
        words = "a name or several of them"
        raise BadInput(f"{name} is {shown(value)}, and {words} is wanted.") from None


def shown(value: Any) -> str:
    """What was given, shortened."""
    text = f"{value!r}"
    return text if len(text) <= 60 else f"{text[:60]}..."
