"""How much of a call's time is left."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from edgeopt.domain.errors import StepFailed


@dataclass(frozen=True)
class Clock:
    """A limit on a call, or on one target's part of it.

    Attributes:
        limit_s: what was asked for, of the whole call. end: when it is over, by `now`.
    """

    limit_s: float
    end: float
    now: Callable[[], float] = time.monotonic

    def left_s(self) -> float:
        """Seconds that are left; below 0 where it is over."""
        return self.end - self.now()

    def share(self, targets: int) -> Clock:
        """That of the first of so many targets that wait for one device."""
        return replace(self, end=self.now() + max(0.0, self.left_s()) / targets)

    def until(self, reserve_s: float) -> Deadline:
        """Of a schedule that begins now and leaves so many seconds for what comes after it."""
        return Deadline(self, reserve_s, self.now())


@dataclass(frozen=True)
class Deadline:
    """When a schedule has to end.

    Attributes:
        reserve_s: seconds of the clock that are left for what comes after it.
        begun: when it began, by the clock's `now`.
    """

    clock: Clock
    reserve_s: float
    begun: float

    def allows(self, done: int, following: int) -> bool:
        """Whether `following` launches fit, when each takes what the first `done` took on average.

        What they took is of this schedule on this machine, whoever else is at work there.
        """
        spent = self.clock.now() - self.begun
        return spent * (following - done) / done <= self.clock.left_s() - self.reserve_s


@dataclass
class Turns:
    """Work of one kind, one piece after the other, as long as there is time.

    Attributes:
        deadline: None: there is none. done: pieces that were begun since it began.
    """

    deadline: Deadline | None
    done: int = 0

    def another(self) -> bool:
        """Begin one more, if it fits where it takes what the others took on average.

        Of the first it is not known what it takes: it is always begun.
        """
        done, deadline = self.done, self.deadline
        fits = not done or deadline is None or deadline.allows(done, done + 1)
        self.done += fits
        return fits

    def begin(self, what: str) -> None:
        """Begin one more.

        Raises:
            StepFailed: there is no time for it.
        """
        if not self.another():
            raise StepFailed("skipped", f"there was no time for a further {what}")
