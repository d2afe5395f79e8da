"""How a fault in a profile is told: the file, the line, the field, what is wrong."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import msgspec.inspect as shape

from edgeopt.domain.target import Profile
from edgeopt.targets.field import Field, field_text, line_of, parse_field, value_at
from edgeopt.targets.suggest import did_you_mean

_WHERE = re.compile(r" - at `(?P<path>\$[^`]*)`$")
_MISSING = re.compile(r"Object missing required field `(?P<name>[^`]+)`")
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<name>[^`]+)`")
_CHOICE = re.compile(r"Invalid enum value ")
_EXPECTED = re.compile(r"Expected `(?P<kind>[^`]+)`(?P<limit>[^`]*?)(, got `(?P<got>\w+)`)?")


def complaint(where: str, text: str, field: Field, sentence: str) -> str:
    """One line: `FILE, line 3: cores[0].count: SENTENCE`.

    Args:
        text: the file's text, to find the line in; "" where there is none.
    """
    line = line_of(text, field)
    place = where if line is None else f"{where}, line {line}"
    return ": ".join(part for part in (place, _short(field_text(field)), _short(sentence)) if part)


def _short(words: str) -> str:
    """Words for a person, who reads no value of a thousand characters."""
    return words if len(words) <= 300 else f"{words[:200]}...{words[-60:]}"


def of_validation(error: msgspec.ValidationError, data: dict[str, Any]) -> tuple[Field, str]:
    """The field that msgspec complains of and the sentence about it, in a user's words."""
    message = str(error)
    at = _WHERE.search(message)
    field = parse_field(at["path"]) if at else ()
    message = message[: at.start()] if at else message
    if missing := _MISSING.fullmatch(message):
        return (*field, missing["name"]), "required, but missing"
    if unknown := _UNKNOWN.fullmatch(message):
        return (*field, unknown["name"]), _unknown_field(unknown["name"], _type_at(field))
    if _CHOICE.match(message):
        return field, _wrong_choice(value_at(data, field), _type_at(field))
    if expected := _EXPECTED.fullmatch(message):
        got = _toml_name(expected["got"]) if expected["got"] else repr(value_at(data, field))
        return field, f"expected {_toml_name(expected['kind'])}{expected['limit']}, got {got}"
    return field, message


def _toml_name(kind: str) -> str:
    """msgspec's name of a type in TOML's words: `object | null` is a table."""
    words = ("table" if word == "object" else word for word in kind.split(" | "))
    return " or ".join(word for word in words if word != "null")


def _unknown_field(name: str, struct: shape.Type | None) -> str:
    known = [f.encode_name for f in struct.fields] if isinstance(struct, shape.StructType) else []
    return f"unknown field{did_you_mean(name, known) or '; known: ' + ', '.join(known)}"


def _wrong_choice(value: Any, literal: shape.Type | None) -> str:
    choices = [str(v) for v in literal.values] if isinstance(literal, shape.LiteralType) else []
    near = did_you_mean(str(value), choices)
    return f"expected one of {', '.join(choices)}, got {value!r}{near}"


def _type_at(field: Field) -> shape.Type | None:
    """The declared type of a field of a profile, None where the field is not declared."""
    kind: shape.Type | None = shape.type_info(Profile)
    for step in field:
        kind = _without_null(_type_of(kind, step))
    return kind


def _type_of(kind: shape.Type | None, step: str | int) -> shape.Type | None:
    """The type one step into `kind`."""
    if isinstance(kind, shape.VarTupleType):
        return kind.item_type
    if isinstance(kind, shape.StructType):
        return next((f.type for f in kind.fields if f.encode_name == step), None)
    return None


def _without_null(kind: shape.Type | None) -> shape.Type | None:
    """The first of a union's types that is not null."""
    if isinstance(kind, shape.UnionType):
        return next(k for k in kind.types if not isinstance(k, shape.NoneType))
    return kind
