"""The source's own score, from a candidate's score and what it loses on the same samples."""

from __future__ import annotations

from edgeopt.domain.score import Drop, Score
from edgeopt.tasks import known


def source_value(score: Score, drop: Drop) -> float:
    """Where the drop is a share of the source's score, that share tells it; else the direction.

    Errors that are told in points (CER, EER) grow with what is lost.
    """
    if drop.relative:
        return drop.value / drop.relative
    if drop.relative is not None or score.metric in known.errors():
        return score.value - drop.value
    return score.value + drop.value
