"""Scores and losses as the page shows them: in percent and points, and a gain is called one."""

from __future__ import annotations

import math

from edgeopt.domain.score import Drop, Score
from edgeopt.report import format as fmt
from edgeopt.report.table import Cell


def in_shares(score: Score, drop: Drop | None) -> bool:
    """Whether a score is a share, which people read in percent; an error or decibels are not."""
    return abs(score.value) <= 1 and (drop is None or drop.relative is None)


def score_text(value: float, shares: bool) -> fmt.Amount:
    """ "75.1 %" of a share, "0.213" of an error."""
    return fmt.percent(value) if shares else fmt.score(value)


def score_cell(score: Score | None, drop: Drop | None) -> Cell:
    """A score with its interval."""
    if score is None:
        return Cell()
    shares = in_shares(score, drop)
    bounds = fmt.NO_INTERVAL
    if score.low is not None and score.high is not None:
        bounds = fmt.interval(score.low, score.high, fmt.percent if shares else fmt.score)
    return Cell(score_text(score.value, shares), bounds, score.value, n=score.n)


def loss(drop: Drop) -> fmt.Amount:
    """ "0.8 points", "gains 0.3 points", "nothing", or "not known"."""
    if math.isnan(drop.judged):
        return fmt.Amount("not known")
    if drop.judged == 0:
        return fmt.Amount("nothing")
    shown = fmt.allowance(abs(drop.judged), relative=drop.relative is not None)
    return fmt.Amount(f"gains {shown.number}", shown.unit) if drop.judged < 0 else shown


def told(drop: Drop) -> str:
    """ "loses 0.8 points", "gains 0.3 points", "loses nothing"."""
    if math.isnan(drop.judged):
        return "has a loss that is not known"
    return loss(drop) if drop.judged < 0 else f"loses {loss(drop)}"


def bounds(drop: Drop) -> fmt.Amount:
    """The interval of what is said, of a gain where it is one: "−0.5 to 2.1 points"."""
    found = fmt.drop_bounds(drop)
    if found is None:
        return fmt.drop_interval(drop)
    low, high = (-found[1], -found[0]) if drop.judged < 0 else found
    return fmt.interval(low, high, fmt.percent if drop.relative is not None else fmt.points)


def loss_cell(drop: Drop | None) -> Cell:
    """A loss with its interval; it sorts by the loss, gains first."""
    if drop is None:
        return Cell()
    return Cell(loss(drop), bounds(drop), drop.judged, n=drop.n)


def of_value(value: float | None, reason: str = "") -> fmt.Amount:
    """The same of a share alone, in points; the reason where there is none."""
    if value is None or value >= 0:
        return fmt.points(value, reason)
    shown = fmt.points(-value)
    return fmt.Amount(f"gains {shown.number}", shown.unit)
