"""Rules that a value of decoded JSON is held to; each gives back what may stand, or refuses.

A rule is a function of a value and of where it stands.
"""

from __future__ import annotations

import re
from typing import Any, Callable, Dict

from edgeopt.runtimes.exported.refused import NeedsTrust

Rule = Callable[[Any, str], Any]


def struct(fields: Dict[str, Rule]) -> Rule:
    """An object with these fields, or some of them. One that is null is left out."""

    def check(value: Any, where: str) -> dict:
        if not isinstance(value, dict):
            raise NeedsTrust.unknown(where)
        for name in value:
            if name not in fields and value[name] is not None:
                raise NeedsTrust.unknown("{}.{}".format(where, str(name)[:60]))
        return {
            name: rule(value[name], "{}.{}".format(where, name))
            for name, rule in fields.items()
            if name in value
        }

    return check


def union(choices: Dict[str, Rule]) -> Rule:
    """An object with exactly one of these fields."""
    inner = struct(choices)

    def check(value: Any, where: str) -> dict:
        if not isinstance(value, dict) or len(value) != 1:
            raise NeedsTrust.unknown(where)
        return inner(value, where)

    return check


def array(rule: Rule) -> Rule:
    """A list of such values."""

    def check(value: Any, where: str) -> list:
        if not isinstance(value, list):
            raise NeedsTrust.unknown(where)
        return [rule(item, where) for item in value]

    return check


def mapping(key: Rule, rule: Rule) -> Rule:
    """An object whose names and values are such."""

    def check(value: Any, where: str) -> dict:
        if not isinstance(value, dict):
            raise NeedsTrust.unknown(where)
        return {key(k, where): rule(v, "{}[{}]".format(where, k)) for k, v in value.items()}

    return check


def optional(rule: Rule) -> Rule:
    """Such a value, or null."""
    return lambda value, where: None if value is None else rule(value, where)


def later(find: Callable[[], Rule]) -> Rule:
    """A rule that is made after the one that names it."""
    return lambda value, where: find()(value, where)


def refuse(what: str) -> Rule:
    """Nothing of that kind."""

    def check(value: Any, where: str) -> Any:
        raise NeedsTrust("{} holds {}".format(where, what))

    return check


def boolean(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise NeedsTrust.unknown(where)
    return value


def integer(value: Any, where: str) -> int:
    """One of 64 bits."""
    if isinstance(value, bool) or not isinstance(value, int) or not -(2**63) <= value < 2**64:
        raise NeedsTrust.unknown(where)
    return value


def number(value: Any, where: str) -> Any:
    """A number, or the words that stand for one that JSON has no digits for."""
    if value in ("Infinity", "-Infinity", "NaN") and isinstance(value, str):
        return value
    if isinstance(value, float):
        return value
    return integer(value, where)


def text(value: Any, where: str) -> str:
    """Any text: only where it is data to whoever reads it."""
    if not isinstance(value, str):
        raise NeedsTrust.unknown(where)
    return value


def matching(pattern: str) -> Rule:
    """A text of that form, from its first sign to its last."""
    known = re.compile(pattern)

    def check(value: Any, where: str) -> str:
        if not isinstance(value, str) or not known.fullmatch(value):
            raise NeedsTrust("{} is {!r}".format(where, str(value)[:80]))
        return value

    return check


#: PyTorch writes Python from these, so a name has to be one, and none of Python's own: `__class__`
#: is; `__hidden` and `___`, which PyTorch makes of letters that it does not know, are not.
name = matching(r"(?!__[A-Za-z0-9_]*[A-Za-z0-9][A-Za-z0-9_]*__)[A-Za-z_][A-Za-z0-9_]{0,500}")
#: The same, in parts: the way to a weight. Other signs go into quotes, so none may end them.
place = matching(
    r"(?!.*(^|\.)__[^.]*[^._][^.]*__(\.|$))[^\"'\\\x00-\x1f\x7f-\x9f\u2028\u2029{}]{0,1000}"
)
#: A word or a few that stand between quotes.
word = matching(r"[^\"'\\\x00-\x1f\x7f-\x9f\u2028\u2029{}]{0,1000}")
