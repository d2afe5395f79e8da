"""A value that is made when it is first asked for, by whichever thread asks first."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Once(Generic[T]):
    """Made once; a failure is not kept."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make, self._lock = make, threading.Lock()
        self._made: T | None = None

    def value(self) -> T:
        """The value; whatever making it raises."""
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made

    @property
    def if_made(self) -> T | None:
        """The value where somebody has asked for it already."""
        return self._made
