"""The front of a study, and the trial that is taken: pure functions of its records."""

from __future__ import annotations

import math
from collections.abc import Sequence

from edgeopt.domain.evaluation import Evaluation, RelativeLatency
from edgeopt.domain.run import Constraints
from edgeopt.domain.study import TrialRecord
from edgeopt.report import format as fmt
from edgeopt.tuning import limits

TIE = 0.02
"""Shares of latency below which two are equally fast: the better score is taken. So it is where
their intervals overlap."""


def front(
    trials: Sequence[TrialRecord], targets: Sequence[str], lower_is_better: bool
) -> tuple[int, ...]:
    """Numbers of those that none beats in the score and on every target that is timed."""
    points = {one.number: _point(one, targets, lower_is_better) for one in _complete(trials)}
    return tuple(
        number
        for number, own in points.items()
        if not any(_beats(other, own) for other in points.values())
    )


def _complete(trials: Sequence[TrialRecord]) -> list[TrialRecord]:
    return [one for one in trials if one.state == "complete" and one.score is not None]


def _point(one: TrialRecord, targets: Sequence[str], lower: bool) -> tuple[float, ...]:
    score = one.score or 0.0
    times = (one.latency_ms(target) for target in targets)
    return (score if lower else -score, *(math.inf if ms is None else ms for ms in times))


def _beats(other: Sequence[float], own: Sequence[float]) -> bool:
    return all(a <= b for a, b in zip(other, own, strict=True)) and tuple(other) != tuple(own)


def chosen(
    trials: Sequence[TrialRecord],
    targets: Sequence[str],
    constraints: Constraints,
    lower_is_better: bool,
) -> tuple[int | None, str]:
    """The trial to take, and why.

    With a limit on latency: the best score that keeps it. Without: the fastest whose score is at
    most `max_drop` from the best; of errors, which are lower the better, that share more.
    """
    whole = _complete(trials)
    kept = [one for one in whole if not limits.broken(_figures(one), constraints)]
    if not kept:
        return None, _none(trials, whole)
    sign = 1 if lower_is_better else -1
    best = min(kept, key=lambda one: (sign * (one.score or 0.0), speed(one, targets)))
    if constraints.max_latency_ms is not None or not math.isfinite(speed(best, targets)):
        return best.number, _best_words(best, kept, targets, constraints)
    near = [one for one in kept if _lost(one, best, lower_is_better) <= constraints.max_drop]
    fastest = min(near, key=lambda one: speed(one, targets))
    fast = [one for one in near if _as_fast(one, fastest, targets)]
    taken = min(fast, key=lambda one: (sign * (one.score or 0.0), speed(one, targets)))
    lost = _lost(taken, best, lower_is_better)
    first = "the fastest" if taken is fastest else "the best score of those as fast as the fastest"
    return taken.number, (
        f"{first} of {len(near)} whose score is within {fmt.percent(constraints.max_drop)} of "
        f"the best ({fmt.score(best.score)}): {fmt.score(taken.score)}, {fmt.percent(lost)} "
        f"{'more' if lower_is_better else 'less'}"
        if lost > 0
        else f"the best score ({fmt.score(taken.score)}), and none within "
        f"{fmt.percent(constraints.max_drop)} of it is told to be faster"
    )


def _best_words(
    best: TrialRecord,
    kept: Sequence[TrialRecord],
    targets: Sequence[str],
    constraints: Constraints,
) -> str:
    """Why the best score is taken; what is not certain of its latency."""
    most = constraints.max_latency_ms
    limited = most is not None or constraints.max_size_bytes is not None
    among = fmt.count(len(kept), "trained network") + (" within the limits" if limited else "")
    said = f"the best score of {among}: {fmt.score(best.score)}"
    found = [latency for target in targets if (latency := _latency(best, target)) is not None]
    if most is not None and any(latency.reaches_over(most) for latency in found):
        said += f"; its latency's interval reaches beyond {fmt.ms(most)}"
    return said


def _latency(one: TrialRecord, target: str) -> RelativeLatency | None:
    """On a target, with its interval; None where it has none."""
    found = one.timed(target)
    return None if found is None else found.latency


def _as_fast(one: TrialRecord, fastest: TrialRecord, targets: Sequence[str]) -> bool:
    """Whether it is not told to be slower than the fastest, on any target."""
    if speed(one, targets) <= speed(fastest, targets) * (1 + TIE):
        return True
    return not any(_is_slower(_latency(one, t), _latency(fastest, t)) for t in targets)


def _is_slower(own: RelativeLatency | None, least: RelativeLatency | None) -> bool:
    """Whether all of its interval is above all of the other's."""
    return own is not None and least is not None and own.ends[0] > least.ends[1]


def _figures(one: TrialRecord) -> tuple[Evaluation, ...]:
    return one.evaluations or one.untrained


def speed(one: TrialRecord, targets: Sequence[str]) -> float:
    """The geometric mean of its latencies, ms; infinite where none is known."""
    times = [ms for target in targets if (ms := one.latency_ms(target)) is not None]
    return math.exp(math.fsum(map(math.log, times)) / len(times)) if times else math.inf


def _lost(one: TrialRecord, best: TrialRecord, lower: bool) -> float:
    own, top = one.score or 0.0, best.score or 0.0
    if lower:
        return (own - top) / abs(top) if top else own
    return top - own


def _none(trials: Sequence[TrialRecord], whole: Sequence[TrialRecord]) -> str:
    if whole:
        return f"none of {fmt.count(len(whole), 'trained network')} keeps the limits"
    outside = sum(one.state == "outside-limits" for one in trials)
    if outside and outside == len(trials):
        return f"all of {fmt.count(outside, 'network')} break a limit before they are trained"
    return f"none of {fmt.count(len(trials), 'trial')} came to a trained network"
