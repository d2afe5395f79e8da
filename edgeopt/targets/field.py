"""A field of a TOML file: how it is written, what it holds, the line it is on."""

from __future__ import annotations

import re
from typing import Any

Field = tuple[str | int, ...]

_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
_WORD = r"""([\w-]+|"[^"]*"|'[^']*')"""
_WORDS = rf"(?P<words>{_WORD}(\s*\.\s*{_WORD})*)"
_HEADER = re.compile(rf"\s*(?P<open>\[\[?)\s*{_WORDS}\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(rf"\s*{_WORDS}\s*=")


def parse_field(path: str) -> Field:
    """The field that msgspec's `$.cores[0].count` names.

    A key of free choice, which msgspec writes as `[...]`, is left off.
    """
    return tuple(word or int(index) for word, index in _STEP.findall(path))


def field_text(field: Field) -> str:
    """A field as a person writes it: `cores[0].count`."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in field)
    return "".join(steps).lstrip(".")


def value_at(data: Any, field: Field) -> Any:
    """What `field` holds in a parsed file."""
    for step in field:
        data = data[step]
    return data


def line_of(text: str, field: Field) -> int | None:
    """The line of a TOML text on which `field`, or the nearest thing around it, is written.

    Finds headers and `key =`, which is how profiles are written; it is not a parser.
    None where not even the field's table is found.
    """
    found: int | None = None
    nearest = 0
    table: Field = ()
    last: dict[Field, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            table = here = _enter(_words(header), header["open"] == "[[", last)
        elif key := _KEY.match(line):
            here = table + _words(key)
        else:
            continue
        if len(here) > nearest and field[: len(here)] == here:
            found, nearest = number, len(here)
    return found


def _words(match: re.Match[str]) -> Field:
    return tuple(word.strip().strip("\"'") for word in match["words"].split("."))


def _enter(words: Field, in_array: bool, last: dict[Field, int]) -> Field:
    """The field that a header opens. `last` holds the index reached in each array of tables."""
    table: Field = ()
    for position, word in enumerate(words, start=1):
        table += (word,)
        if in_array and position == len(words):
            last[table] = last.get(table, -1) + 1
        if table in last:
            table += (last[table],)
    return table
