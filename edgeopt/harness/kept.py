"""Runner processes that outlive one question: importing a runtime takes longer than most answers.

Within `keeping()` a runner of the thread that began it is lent out again for the same runtime
instead of being started anew; each thread has its own, since Linux ends a child with its thread.
What is measured so has no fresh launches: good for a search, where much is compared coarsely, and
not for a choice.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

from edgeopt.devices.device import Device
from edgeopt.devices.registry import LOCAL
from edgeopt.harness.client import SHORT_S, Client, RunnerFailed

CANARY = ""
"""Stands for a runtime where none is opened."""


class _Kept(threading.local):
    """What this thread keeps."""

    def __init__(self) -> None:
        self.depth = 0
        self.idle: dict[str, list[Client]] = {}


_kept = _Kept()


def active() -> bool:
    """Whether this thread keeps its runners."""
    return _kept.depth > 0


@contextlib.contextmanager
def client(device: Device, log: Path, runtime: str = CANARY, one_of: int = 1) -> Iterator[Client]:
    """A runner for one runtime: one that is idle, or a new one.

    Args:
        log: of a new one, which ends with the context unless it is kept.
        one_of: so many of that runtime are wanted: more than one are forked where that is possible.

    Raises:
        DeviceFailed: as `Client`.
    """
    if device.link != LOCAL or not active():
        with Client(device, log, runtime if one_of > 1 else "") as fresh:
            yield fresh
        return
    lent = _taken(runtime) or Client(device, log)
    try:
        yield lent
    except BaseException:
        lent.close()
        raise
    _kept.idle.setdefault(runtime, []).append(lent)


def _taken(runtime: str) -> Client | None:
    """One that is idle and still answers."""
    while _kept.idle.get(runtime):
        found = _kept.idle[runtime].pop()
        try:
            found.request("readings", SHORT_S)
        except RunnerFailed:
            found.close()
            continue
        return found
    return None


def begin() -> None:
    """Runners of this thread are kept from now on, until as many `end`s."""
    _kept.depth += 1


def end() -> None:
    """See `begin`; the last one ends the runners."""
    if not active():
        return
    _kept.depth -= 1
    if _kept.depth == 0:
        for runners in _kept.idle.values():
            for one in runners:
                one.close()
        _kept.idle.clear()


@contextlib.contextmanager
def keeping() -> Iterator[None]:
    """Within it runners are kept."""
    begin()
    try:
        yield
    finally:
        end()
