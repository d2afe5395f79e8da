"""Where a bench keeps every raw sample."""

from __future__ import annotations

import datetime
from collections.abc import Collection
from pathlib import Path
from typing import Any

import msgspec

from edgeopt.domain.errors import BadInput
from edgeopt.jobs import on_disk
from edgeopt.store import atomic
from edgeopt.store.out import check_writable


def place(asked: Path | None, read: Collection[Path] = ()) -> Path:
    """The file that was asked for, or one named by the hour; looked at before anything is timed.

    Args:
        read: files that are read: what is measured must not replace them.

    Raises:
        BadInput: nothing can be written there, or it is a folder or one of the files read.
    """
    name = f"bench-{datetime.datetime.now():%Y%m%d-%H%M%S}.json"
    out = asked or Path("runs") / name
    there = on_disk.kind(out)
    if there == "folder":
        raise BadInput(f"{out} is a folder, not a file.", f"Write --out {out / name}.")
    if there == "file" and any(_same(out, path) for path in read):
        raise BadInput(
            f"--out {out} is one of the files that are read: it would be replaced.",
            "Give another file with --out.",
        )
    on_disk.kind(out.parent)
    check_writable(out.parent)
    return out


def _same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()


def encoded(found: Any) -> bytes:
    """A value as JSON."""
    return msgspec.json.encode(found)


def write(out: Path, data: bytes) -> None:
    """Keep it, whole or not at all, its folder with it.

    Raises:
        OSError: it cannot be written.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    atomic.write(out, data)
