"""Reads a file of a run's folder, which others may have written, cut off or put together."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from edgeopt.domain.errors import BadInput
from edgeopt.domain.visible import visible

T = TypeVar("T")

MOST_BYTES = 256 << 20
"""Of one file: a run of thousands of candidates writes a tenth of that."""

HINT = "It may be of another version; give another folder with --out."


def content(path: Path, hint: str = HINT) -> bytes:
    """What a file holds; nothing where there is none.

    Raises:
        BadInput: it is no file, or larger than any that a run writes, or cannot be read.
    """
    try:
        if not os.path.lexists(path):
            return b""
        if not path.is_file():
            raise BadInput(f"{path} is not a file, and a run has one there.", hint)
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise BadInput(f"{path} has {size:,} bytes: no run writes so much.", hint)
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.", hint) from None


def value(path: Path, kind: type[T], what: str, hint: str = HINT) -> T:
    """What a file holds, as a value of a type.

    Raises:
        BadInput: as `content`, or it is none of that type; says where.
    """
    try:
        return msgspec.json.decode(content(path, hint), type=kind)
    except (ValueError, RecursionError) as error:  # msgspec's errors, and Unicode's; far too deep
        why = said(error)
        raise BadInput(
            f"{path} is not a {what} that this version of edgeopt reads: {why}", hint
        ) from None


def said(error: Exception) -> str:
    """One line that the terminal can take: what is quoted comes from the file."""
    return visible((str(error).splitlines() or [type(error).__name__])[0])[:200]


FILES = ("run.json", "results.jsonl", "report.html")
FOLDERS = (
    "artifacts", "calibrated", "logs", "measurements", "pictures", "stages", "targets", "work"
)  # fmt: skip


def require_kinds(folder: Path, targets: Sequence[str] = ()) -> None:
    """Refuse a run's folder with a folder in a file's place, or the other way round.

    Args:
        targets: each has a folder, too, for its bundle.

    Raises:
        BadInput: there is one.
    """
    folders = (*FOLDERS, *targets)
    for names, is_kind, kind in ((FILES, Path.is_file, "file"), (folders, Path.is_dir, "folder")):
        for name in names:
            if os.path.lexists(folder / name) and not is_kind(folder / name):
                raise BadInput(f"{folder / name} is not a {kind}, and a run has one there.", HINT)
