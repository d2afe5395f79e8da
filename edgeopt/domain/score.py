"""Scores and drops, with their number of samples and their interval, or why there is none."""

from __future__ import annotations

import math
from typing import Literal

from edgeopt.domain.model import Value

#: With fewer groups nothing is said to keep a limit: intervals over groups are too narrow below 20
#: to 50 of them (Cameron and Miller 2015, section VI).
FEWEST_GROUPS = 20

#: With fewer samples a percentile interval is clearly too narrow: by sqrt((n-1)/n) * z / t(n-1),
#: which is 6 % at 30 samples and 9 % at 20; and what is rare in them is often not there at all.
FEWEST_SAMPLES = 30

BoundBy = Literal["", "interval", "margins"]


class Score(Value, kw_only=True, frozen=True):
    """A metric's value on one part of the data.

    Attributes:
        low, high: the 95 % interval; null where there is none (`why_null`).
        interval: the method that gave it.
        part: "choose" or "confirm".
        n: samples. `groups`: independent groups among them, None if each is its own.
        alike: groups that they seem to be of, where none were told (`datasets/likeness.py`); None:
            they seem to be independent.
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
    alike: int | None = None

    @property
    def independent(self) -> int:
        """How many samples tell something of their own: groups, where they are in groups."""
        return self.groups or self.alike or self.n


class Drop(Value, kw_only=True, frozen=True):
    """How much worse than the source, on the same samples: positive is worse.

    Attributes:
        value: source's score minus candidate's (the other way round for errors).
        relative: `value` over the source's score where the metric has no natural
            unit (errors), else None.
        low, high, interval, why_null: as in `Score`.
        resolved: whether the samples tell on which side of the allowed drop it is (`settled`).
        bound: what other samples lose less than, nineteen times of twenty, by counts and by the
            margins of the source's answers (`datasets/bound.py`); judged like `judged`; None where
            nothing tells it, and in runs that are older.
        bound_by: one side of the interval, or the margins of the source's answers; "" where there
            is none, and in runs that are older.
    """

    value: float
    low: float | None
    high: float | None
    interval: str
    n: int
    resolved: bool
    relative: float | None = None
    why_null: str = ""
    bound: float | None = None
    bound_by: BoundBy = ""

    @property
    def bounds(self) -> tuple[float, float]:
        """The interval; all numbers where there is none."""
        if self.low is None or self.high is None:
            return -math.inf, math.inf
        return self.low, self.high

    @property
    def judged(self) -> float:
        """What is compared with `--max-drop`."""
        return self.value if self.relative is None else self.relative


def settled(low: float, high: float, limit: float, n: int, groups: int | None) -> bool:
    """Whether samples tell on which side of a limit a drop is.

    The interval lies wholly on one side; and below it only where there are samples and groups
    enough: few samples seldom hold what is rare.

    Args:
        groups: of which the n samples are; None: each is its own.
    """
    if low > limit:
        return (groups or n) > 1
    enough = n >= FEWEST_SAMPLES and (groups is None or groups >= FEWEST_GROUPS)
    return high < limit and enough
