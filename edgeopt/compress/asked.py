"""What a user asks for in words, as a `Compression`."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, TypeVar

import msgspec

from edgeopt.domain.compression import Compression, Importance, Method, Scope, Share, Training
from edgeopt.domain.errors import BadInput
from edgeopt.domain.model import Value

T = TypeVar("T", bound=msgspec.Struct)


class Pruning(Value, kw_only=True, frozen=True):
    """What `--pruning` takes: see `Compression`."""

    importance: Importance = "l2"
    scope: Scope = "layer"
    step: Share = 0.25


def compression(
    methods: Collection[Method],
    pruning: str | None = None,
    training: str | None = None,
    epochs: int | None = None,
) -> Compression | None:
    """The compression of the command line's words; None where none is asked for.

    Args:
        pruning, training: "KEY=VALUE,KEY=VALUE" of `Pruning` and `Training`.

    Raises:
        BadInput: an unknown key, a value out of range, settings of something not asked for.
    """
    given = {"--pruning": pruning, "--training": training, "--epochs": epochs}
    said = [name for name, value in given.items() if value is not None]
    if not methods and said:
        raise BadInput(
            f"{said[0]} is a setting of a compression, but none is asked for.",
            "Say --prune, --low-rank, --sparse, --input-size or --qat.",
        )
    if pruning is not None and "prune" not in methods:
        raise BadInput("--pruning goes with --prune.", "Say --prune, too.")
    if not methods:
        return None
    how = _read(pruning or "", Pruning, "--pruning")
    fields = _pairs(training or "", "--training")
    if epochs is not None:
        fields["epochs"] = str(epochs)
    return Compression(
        methods=tuple(methods),
        importance=how.importance,
        scope=how.scope,
        step=how.step,
        training=_fields(fields, Training, "--training"),
    )


def as_compression(given: Compression | Iterable[Method] | None) -> Compression | None:
    """The same from Python: a value, or names of methods.

    Raises:
        BadInput: there is no such method.
    """
    if given is None or isinstance(given, Compression):
        return given
    names = (given,) if isinstance(given, str) else tuple(given)
    try:
        return msgspec.convert({"methods": names}, Compression) if names else None
    except msgspec.ValidationError as error:
        raise BadInput(
            f"there is no such compression: {error}.",
            "There are: prune, low-rank, sparse, input-size, qat.",
        ) from None


def _read(text: str, kind: type[T], option: str) -> T:
    return _fields(_pairs(text, option), kind, option)


def _pairs(text: str, option: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        key, equals, value = pair.partition("=")
        if not equals or key in found:
            raise BadInput(
                f"{option} {text!r} is not understood at {pair!r}.",
                "Write KEY=VALUE,KEY=VALUE, each key once.",
            )
        found[key.strip()] = value.strip()
    return found


def _fields(fields: dict[str, Any], kind: type[T], option: str) -> T:
    try:
        return msgspec.convert(fields, kind, strict=False)
    except msgspec.ValidationError as error:
        known = ", ".join(field.name for field in msgspec.structs.fields(kind))
        raise BadInput(f"{option} is not understood: {error}.", f"It takes: {known}.") from None
