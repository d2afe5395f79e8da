"""Damage done to JSON texts: what each reader of one has to take or refuse."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

from benchmarks.faults.fuzz.mutate import Damaged

DEEP = 100_000
_OTHERS: tuple[Any, ...] = (None, True, -1, 1e308, "x", "", [], {}, [[]], {"x": 1})


def unreadable(whole: bytes, rng: random.Random) -> Iterator[Damaged]:
    """Texts that are no JSON, or not of the kind."""
    yield "empty", b""
    yield "half", whole[: len(whole) // 2]
    yield "no-end", whole.rstrip()[:-1]
    yield "binary", b"\x80\x81\xfe\xff" * 16
    yield "latin", whole[:1] + b"\xe9" + whole[1:]
    yield "list", b"[]"
    yield "null", b"null"
    yield "text", b'"x"'
    yield "number", b"1" * 5000
    yield "deep-list", b"[" * DEEP
    yield "deep-object", b'{"a":' * DEEP
    yield "deep-field", b'{"v": ' + b"[" * DEEP + b"]" * DEEP + b"}"
    yield "newer", json.dumps({**_object(whole), "v": 99}).encode()


def swapped(whole: bytes, rng: random.Random, count: int) -> Iterator[Damaged]:
    """One value of the text, at any depth, replaced by one of another type or range."""
    places = list(_places(json.loads(whole)))
    for number in range(count):
        path = rng.choice(places)
        other = _OTHERS[number % len(_OTHERS)]
        name = ".".join(map(str, path))[-48:]
        yield f"{number}-{name}-{type(other).__name__}", _with(whole, path, other)


def _object(whole: bytes) -> dict[str, Any]:
    value = json.loads(whole)
    return value if isinstance(value, dict) else {}


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else []
    items = enumerate(value[:2]) if isinstance(value, list) else items
    for key, inner in items:
        yield (*path, key)
        yield from _places(inner, (*path, key))


def _with(whole: bytes, path: tuple[Any, ...], other: Any) -> bytes:
    value = json.loads(whole)
    at = value
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = other
    return json.dumps(value).encode()
