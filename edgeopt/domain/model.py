"""The base of the domain's values: frozen, and an unknown key is an error."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec


class Value(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A frozen value that prints as canonical JSON."""


def prepare() -> None:
    """Let msgspec look at every kind of value there is, before threads share them.

    The first decoding of a type fills in what msgspec keeps of it. Two threads that did so for one
    type at the same time ended the process by a segmentation fault (msgspec 0.23).
    """
    kinds = list(Value.__subclasses__())
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        msgspec.json.Decoder(kind)


def canonical_json(value: Any) -> bytes:
    """The one JSON text of a value: keys sorted, no spaces."""
    return msgspec.json.encode(value, order="sorted")


def content_id(value: Any) -> str:
    """The identity of a value: the first 12 hex digits of its canonical JSON's SHA-256."""
    return hashlib.sha256(canonical_json(value)).hexdigest()[:12]
