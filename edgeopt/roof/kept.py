"""Roofs in the user's cache: one file for each machine, state and number of threads."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import msgspec

from edgeopt.convert.roof.network import NETWORK_VERSION
from edgeopt.domain.errors import CannotWrite
from edgeopt.domain.model import content_id
from edgeopt.domain.roof import ROOF_VERSION, Roof
from edgeopt.jobs.cache import cache
from edgeopt.store import atomic


def read(machine: dict[str, Any], threads: int) -> Roof | None:
    """What is kept; None where nothing is, or nothing that can be read."""
    with contextlib.suppress(OSError, msgspec.DecodeError, msgspec.ValidationError):
        return msgspec.json.decode(_place(machine, threads).read_bytes(), type=Roof)
    return None


def write(roof: Roof) -> None:
    """Keep it.

    Raises:
        CannotWrite: this user may not write there.
    """
    path = _place(roof.machine, roof.threads)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic.write(path, msgspec.json.format(msgspec.json.encode(roof)))
    except OSError as error:
        raise CannotWrite(
            f"the cache {path.parent} cannot be written: {error.strerror}.",
            "What a device can do at most is kept there. EDGEOPT_CACHE names another folder.",
        ) from error


def _place(machine: dict[str, Any], threads: int) -> Path:
    identity = content_id([ROOF_VERSION, NETWORK_VERSION, machine, threads])
    return cache() / "roof" / f"{identity}.json"
