"""Whose turn it is on this machine: many may work side by side, who measures here is alone."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator


class HostLock:
    """Work on this machine, and measurements on it, which nothing may disturb.

    A measurement waits until what is under way has ended; what would begin then waits for it.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._working = self._waiting = 0
        self._alone: int | None = None

    @property
    def at_work(self) -> int:
        """How many are `working` now, the one who asks among them."""
        return self._working

    @contextlib.contextmanager
    def working(self) -> Iterator[None]:
        """Converting, answering, scoring. Not to be nested, and no lock is taken inside of it."""
        me = threading.get_ident()
        if self._alone == me:  # what a measurement itself needs
            yield
            return
        with self._changed:
            self._changed.wait_for(lambda: self._alone is None and not self._waiting)
            self._working += 1
        try:
            yield
        finally:
            with self._changed:
                self._working -= 1
                self._changed.notify_all()

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """A measurement on this machine."""
        with self._changed:
            self._waiting += 1
            try:
                self._changed.wait_for(lambda: self._alone is None and not self._working)
                self._alone = threading.get_ident()
            finally:
                self._waiting -= 1
                self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._alone = None
                self._changed.notify_all()
