"""Which of several models are worth shipping: pure functions of scores and verdicts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edgeopt.domain.models_compared import Standing


@dataclass(frozen=True)
class Entrant:
    """One model. quality: its score, the larger the better; None where it is not comparable."""

    quality: float | None


def standings(
    entrants: Sequence[Entrant], verdict: Callable[[int, int], str | None]
) -> list[tuple[Standing, tuple[int, ...]]]:
    """For each whether it is worth shipping, and by which others it is beaten.

    One beats another that scores as well or better and is FASTER, or scores better and is
    EQUIVALENT. Scores are the points: whether two differ beyond chance is not asked.

    Args:
        verdict: the word between two of one schedule; None where there is none.
    """
    found: list[tuple[Standing, tuple[int, ...]]] = []
    for number, one in enumerate(entrants):
        others = [other for other in range(len(entrants)) if other != number]
        words = {other: verdict(other, number) for other in others}
        by = tuple(o for o in others if _beats(entrants[o], one, words[o]))
        told = one.quality is not None and all(
            words[o] is not None and entrants[o].quality is not None for o in others
        )
        found.append(("beaten", by) if by else ("worth it" if told else "not told", ()))
    return found


def _beats(other: Entrant, one: Entrant, word: str | None) -> bool:
    if other.quality is None or one.quality is None:
        return False
    if word == "FASTER":
        return other.quality >= one.quality
    return word == "EQUIVALENT" and other.quality > one.quality
