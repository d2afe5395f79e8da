"""Whose turn it is on a machine where several processes work: `HostLock`, across processes.

Two files and the system's own locks on them, which end with their holder however it ends: whoever
comes goes through the gate; who works shares the room, who measures has it alone. One that waits
to measure stands in the gate, so what would begin then waits for it.
"""

from __future__ import annotations

import contextlib
import fcntl
import platform
import re
import threading
from collections.abc import Iterator
from pathlib import Path

from edgeopt.domain.errors import CannotWrite
from edgeopt.jobs.cache import cache
from edgeopt.pipeline.host_lock import HostLock


class MachineLock(HostLock):
    """See the module's head. Of one user's processes on this machine.

    Args:
        folder: where the files are; None: in the user's cache, by the machine's name, since a
            home may be shared by machines.

    Raises:
        CannotWrite: they cannot be made there.
    """

    def __init__(self, folder: Path | None = None) -> None:
        super().__init__()
        name = re.sub(r"[^\w.-]", "_", platform.node()) or "here"
        self._folder = folder or cache() / "tuning" / "turns" / name
        self._mine = threading.local()
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            for file in ("gate", "room"):
                (self._folder / file).touch()
        except OSError as error:
            raise CannotWrite(
                f"the cache {self._folder} cannot be written: {error.strerror}.",
                "EDGEOPT_CACHE names another folder.",
            ) from error

    @contextlib.contextmanager
    def working(self) -> Iterator[None]:
        """As of `HostLock`."""
        if getattr(self._mine, "alone", False):  # what a measurement itself needs
            yield
            return
        with contextlib.ExitStack() as room:
            with self._held("gate", fcntl.LOCK_EX):
                room.enter_context(self._held("room", fcntl.LOCK_SH))
            yield

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """As of `HostLock`."""
        with self._held("gate", fcntl.LOCK_EX), self._held("room", fcntl.LOCK_EX):
            self._mine.alone = True
            try:
                yield
            finally:
                self._mine.alone = False

    @contextlib.contextmanager
    def _held(self, name: str, kind: int) -> Iterator[None]:
        # Opened anew: locks are of an open file, and so hold between threads, too.
        with (self._folder / name).open("r+b") as file:
            fcntl.flock(file, kind)
            yield
