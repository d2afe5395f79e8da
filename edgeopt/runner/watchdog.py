"""Ends a runner that nobody reads any more: the link was cut, or the host gave it up.

At the end of input an idle runner ends by itself. One that is in the middle of a request does
not look at its input; a thread does that for it. It sleeps in `poll` and costs nothing while
inferences are timed.
"""

from __future__ import annotations

import os
import select
import threading
import time

GRACE_S = 5.0  # for a request that was under way, since it began


class Watchdog:
    """Watches one descriptor."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._began = time.monotonic()

    def start(self) -> None:
        if hasattr(select, "poll"):
            threading.Thread(target=self._watch, daemon=True).start()

    def began(self) -> None:
        """A request was read."""
        self._began = time.monotonic()

    def _watch(self) -> None:
        poll = select.poll()
        poll.register(self._descriptor, getattr(select, "POLLRDHUP", 0))  # and always POLLHUP
        poll.poll()
        while time.monotonic() - self._began < GRACE_S:
            time.sleep(0.2)
        os._exit(1)
