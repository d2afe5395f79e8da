"""How long what is being done will take, by how fast it went so far."""

from __future__ import annotations

from edgeopt.domain.progress import Doing
from edgeopt.report import format as fmt

#: Nothing is said of what began so short a time ago: its first part is the slowest.
LEAST_S = 3.0


class Pace:
    """When each thing that is under way began, and how far it was then."""

    def __init__(self) -> None:
        self._began: dict[str, tuple[int, int, float]] = {}

    def left(self, what: str, done: int, total: int, now: float) -> str:
        """ "about 2 min 10 s left", of this thing; "" where nothing tells.

        Args:
            done, total: as a listener is told; 0 of 0 where that is not known.
            now: seconds of any clock that goes on.
        """
        if total <= 0 or not 0 <= done <= total:
            return ""
        stem = what.task if isinstance(what, Doing) else what
        known, first, began = self._began.get(stem, (0, 0, 0.0))
        if known != total or done < first:  # the same thing from its beginning
            self._began[stem] = (total, done, now)
            return ""
        spent = now - began
        if done in (first, total) or spent < LEAST_S:
            return ""
        return f"about {fmt.duration(spent * (total - done) / (done - first))} left"
