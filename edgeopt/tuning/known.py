"""What earlier calls found, by content, in the user's cache. A damaged entry counts as none."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import numpy as np

from edgeopt.domain.model import canonical_json
from edgeopt.jobs.cache import cache, locked
from edgeopt.sources.source import sha256_file
from edgeopt.store import atomic

Kept = TypeVar("Kept")


def identity(value: Any) -> str:
    """The name of an entry: of everything that its content depends on."""
    return hashlib.sha256(canonical_json(value)).hexdigest()[:32]


def read(kind: str, key: str, type_: type[Kept]) -> Kept | None:
    """An entry, None where there is none that can be read."""
    try:
        stored = msgspec.json.decode(_path(kind, key).read_bytes(), type=dict[str, msgspec.Raw])
        if hashlib.sha256(stored["value"]).hexdigest() != msgspec.json.decode(stored["sha256"]):
            return None
        return msgspec.json.decode(stored["value"], type=type_)
    except (OSError, ValueError, KeyError):
        return None


def keep(kind: str, key: str, value: Any) -> None:
    """Write an entry; where the cache cannot be written there is none, and that is no error."""
    content = msgspec.json.encode(value)
    digest = hashlib.sha256(content).hexdigest()
    path = _path(kind, key)
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic.write(path, msgspec.json.encode({"sha256": digest, "value": msgspec.Raw(content)}))


def _path(kind: str, key: str) -> Path:
    return cache() / "tuning" / kind / f"{key}.json"


def turn(kind: str, key: str) -> contextlib.AbstractContextManager[None]:
    """Held while an entry is made: several processes make it once.

    Raises:
        CannotWrite: the cache cannot be written.
    """
    return locked(_path(kind, key))


def of_data(data: str | Path | Mapping[str, Any] | None) -> str | None:
    """The content of samples that is quick to tell: a file's or arrays'; None of others."""
    if data is None:
        return ""
    if isinstance(data, Mapping):
        found = hashlib.sha256()
        for name in sorted(data):
            array = np.ascontiguousarray(data[name])
            found.update(f"{name} {array.dtype} {array.shape} ".encode())
            found.update(array.tobytes() if array.dtype != object else repr(array).encode())
        return found.hexdigest()
    path = Path(data)
    return sha256_file(path) if path.is_file() else None


def of_model(path: Path) -> str | None:
    """The content of a model's file or folder."""
    if path.is_file():
        return sha256_file(path)
    if not path.is_dir():
        return None
    files = sorted(file for file in path.rglob("*") if file.is_file())
    return identity([(str(file.relative_to(path)), sha256_file(file)) for file in files])
