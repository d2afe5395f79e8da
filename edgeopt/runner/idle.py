"""What a runner uses while it waits for a request: threads that spin slow what is timed beside."""

from __future__ import annotations

import time
from typing import Dict


class Idle:
    """Sums up waiting: how long, and how much processor time all threads used meanwhile."""

    def __init__(self) -> None:
        self._idle_ns = self._cpu_ns = 0
        self._since = self._cpu_since = 0

    def begin(self) -> None:
        self._since, self._cpu_since = time.perf_counter_ns(), time.process_time_ns()

    def end(self) -> None:
        if self._since:
            self._idle_ns += time.perf_counter_ns() - self._since
            self._cpu_ns += time.process_time_ns() - self._cpu_since

    def told(self) -> Dict[str, int]:
        return {"idle_ns": self._idle_ns, "idle_cpu_ns": self._cpu_ns}
