"""Scores and losses as the page shows them: in percent and points, and a gain is called one."""

from __future__ import annotations

import math

from edgeopt.domain.score import Drop, Score
from edgeopt.report import format as fmt


def in_shares(score: Score, drop: Drop | None) -> bool:
    """Whether a score is a share, which people read in percent; an error or decibels are not."""
    return abs(score.value) <= 1 and (drop is None or drop.relative is None)


def score_text(value: float, shares: bool) -> fmt.Amount:
    """ "75.1 %" of a share, "0.213" of an error."""
    return fmt.percent(value) if shares else fmt.score(value)


def loss(drop: Drop) -> fmt.Amount:
    """ "0.8 points", "gains 0.3 points", "nothing", or "not known"."""
    return of_judged(drop.judged, relative=drop.relative is not None)


def of_judged(judged: float, *, relative: bool) -> fmt.Amount:
    """The same of `Drop.judged`.

    Args:
        relative: whether it is a share of the source's error, and no difference of shares.
    """
    if math.isnan(judged):
        return fmt.Amount("not known")
    if judged == 0:
        return fmt.Amount("nothing")
    shown = fmt.allowance(abs(judged), relative=relative)
    return fmt.Amount(f"gains {shown.number}", shown.unit) if judged < 0 else shown


def told(drop: Drop, unknown: str = "has a loss that is not known") -> str:
    """ "loses 0.8 points", "gains 0.3 points", "loses nothing"; or that it is not known."""
    return told_judged(drop.judged, relative=drop.relative is not None, unknown=unknown)


def told_judged(
    judged: float, *, relative: bool, unknown: str = "has a loss that is not known"
) -> str:
    """The same of `Drop.judged`."""
    if math.isnan(judged):
        return unknown
    amount = of_judged(judged, relative=relative)
    return amount if judged < 0 else f"loses {amount}"


def bounds(drop: Drop) -> fmt.Amount:
    """The interval of what is said, of a gain where it is one: "−0.5 to 2.1 points"."""
    found = fmt.drop_bounds(drop)
    if found is None:
        return fmt.drop_interval(drop)
    low, high = (-found[1], -found[0]) if drop.judged < 0 else found
    return fmt.interval(low, high, fmt.percent if drop.relative is not None else fmt.points)


def of_value(value: float | None, reason: str = "") -> fmt.Amount:
    """The same of a share alone, in points; the reason where there is none."""
    if value is None or value >= 0:
        return fmt.points(value, reason)
    shown = fmt.points(-value)
    return fmt.Amount(f"gains {shown.number}", shown.unit)
