"""One thing is made in another thread while this one does what does not need it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TypeVar

Made = TypeVar("Made")


@contextlib.contextmanager
def made(make: Callable[[threading.Event], Made]) -> Iterator[Future[Made]]:
    """Make it while the context lasts, and wait for it at its end; `result` raises what it raised.

    What is raised within the context or during the wait (Ctrl-C) ends the making, and is raised.

    Args:
        make: given what ends it when it is set.
    """
    stop = threading.Event()
    with ThreadPoolExecutor(1) as other:
        future = other.submit(make, stop)
        try:
            yield future
            wait([future])
        except BaseException:
            stop.set()
            raise
