"""Cells of the page's tables for scores and losses, each with its interval."""

from __future__ import annotations

from edgeopt.domain.score import Drop, Score
from edgeopt.report import format as fmt
from edgeopt.report.loss import bounds, in_shares, loss, score_text
from edgeopt.report.table import Cell


def score_cell(score: Score | None, drop: Drop | None) -> Cell:
    """A score with its interval."""
    if score is None:
        return Cell()
    shares = in_shares(score, drop)
    ends = fmt.NO_INTERVAL
    if score.low is not None and score.high is not None:
        ends = fmt.interval(score.low, score.high, fmt.percent if shares else fmt.score)
    return Cell(score_text(score.value, shares), ends, score.value, n=score.n)


def loss_cell(drop: Drop | None) -> Cell:
    """A loss with its interval; it sorts by the loss, gains first."""
    if drop is None:
        return Cell()
    return Cell(loss(drop), bounds(drop), drop.judged, n=drop.n)
