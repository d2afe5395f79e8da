"""Where a bench keeps every raw sample."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import msgspec

from edgeopt.store import atomic
from edgeopt.store.out import check_writable


def place(asked: Path | None) -> Path:
    """The file that was asked for, or one named by the hour; looked at before anything is timed.

    Raises:
        BadInput: nothing can be written there.
    """
    name = f"bench-{datetime.datetime.now():%Y%m%d-%H%M%S}.json"
    out = asked or Path("runs") / name
    check_writable(out.parent)
    return out


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
