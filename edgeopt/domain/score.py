"""Scores and drops, with their number of samples and their interval, or why there is none."""

from __future__ import annotations

import math

from edgeopt.domain.model import Value


class Score(Value, kw_only=True, frozen=True):
    """A metric's value on one part of the data.

    Attributes:
        low, high: the 95 % interval; null where there is none (`why_null`).
        interval: the method that gave it.
        part: "choose" or "confirm".
        n: samples. `groups`: independent groups among them, None if each is its own.
    """

    metric: str
    value: float
    low: float | None
    high: float | None
    interval: str
    n: int
    part: str
    groups: int | None = None
    why_null: str = ""


class Drop(Value, kw_only=True, frozen=True):
    """How much worse than the source, on the same samples: positive is worse.

    Attributes:
        value: source's score minus candidate's (the other way round for errors).
        relative: `value` over the source's score where the metric has no natural
            unit (errors), else None.
        low, high, interval, why_null: as in `Score`.
        resolved: whether the interval lies wholly on one side of the allowed drop.
    """

    value: float
    low: float | None
    high: float | None
    interval: str
    n: int
    resolved: bool
    relative: float | None = None
    why_null: str = ""

    @property
    def bounds(self) -> tuple[float, float]:
        """The interval; all numbers where there is none."""
        if self.low is None or self.high is None:
            return -math.inf, math.inf
        return self.low, self.high

    @property
    def judged(self) -> float:
        """What is held against `--max-drop`."""
        return self.value if self.relative is None else self.relative
