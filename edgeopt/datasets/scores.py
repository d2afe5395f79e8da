"""Scores and drops with their 95 % intervals, and whether there are samples enough."""

from __future__ import annotations

import bisect
from dataclasses import replace

import numpy as np

from edgeopt.datasets.advice import Advice
from edgeopt.datasets.bound import bound
from edgeopt.datasets.intervals import (
    Interval,
    Statistic,
    agreement_reach,
    count_groups,
    difference_reach,
    independent,
    interval_of,
    of_count_differences,
    of_counts,
)
from edgeopt.datasets.metric import Columns, Judged, Metric
from edgeopt.domain.errors import StepFailed
from edgeopt.domain.score import FEWEST_GROUPS, FEWEST_SAMPLES, BoundBy, Drop, Score, settled
from edgeopt.stats.proportion import paired_difference, wilson

MOST_SAMPLES = 10**7  # a drop that needs more than this cannot be shown


def score(
    metric: Metric,
    outputs: np.ndarray,
    truths: np.ndarray,
    groups: np.ndarray | None,
    part: str,
) -> Score:
    """The metric's value on one part, with its interval.

    Wilson's interval for a proportion, else a bootstrap, or half-samples where samples must not be
    repeated (`Metric.resampling`); with groups the wider of that (of as many samples as there are
    groups) and the same of whole groups.

    Args:
        outputs: [n, *output shape]. truths: from `metric.truths`.
        groups: [n] or None. part: "choose" or "confirm".

    Raises:
        StepFailed: the answers are not finite. BadInput: the labels do not fit the metric.
    """
    columns = _columns(metric, outputs, truths)
    value = _value(metric, columns)
    interval = _score_interval(metric, columns, value, groups)
    return Score(
        metric=metric.name,
        value=value,
        low=interval.known[0],
        high=interval.known[1],
        interval=interval.method,
        why_null=interval.why_null,
        n=len(outputs),
        part=part,
        groups=count_groups(groups),
    )


def drop(
    metric: Metric,
    outputs: np.ndarray,
    source_outputs: np.ndarray,
    labels: np.ndarray | None,
    groups: np.ndarray | None,
    max_drop: float,
    alike: np.ndarray | None = None,
) -> Drop:
    """How much worse than the source on the same samples, with its interval.

    Bonett and Price's interval for a proportion, else as in `score`, of the paired difference:
    both models on the same resamples; with groups the wider of that (of as many samples as there
    are groups) and of whole groups. For agreement it is 1 minus it, with agreement's own
    interval mirrored. For errors, `value`, `low` and `high` are in the error's unit, `relative` is
    `value` over the source's error, and `max_drop` is compared with `relative` (with `value` where
    the source makes no error at all).

    Args:
        outputs, source_outputs: [n, *output shape] of the candidate and the source.
        alike: [n], groups that samples seem to be of, where none were told: they make no interval
            wider, but with few of them nothing is resolved below the limit.

    Raises:
        StepFailed: the answers are not finite. BadInput: the labels do not fit the metric.
    """
    truths = metric.truths(labels, source_outputs)
    columns = _columns(metric, outputs, truths)
    relative = None
    if metric.against == "source":
        value, interval = _missing_agreement(metric, columns, groups)
        tested, limit = interval, max_drop
    else:
        source = _columns(metric, source_outputs, truths)
        before, after = _value(metric, source), _value(metric, columns)
        value = before - after if metric.higher_is_better else after - before
        if metric.proportion:  # exactly 5 / 500, which 0.95 - 0.94 is not
            value = _lost_minus_won(source, columns) / len(outputs)
        interval = _drop_interval(metric, source, columns, value, groups)
        tested, limit = interval, max_drop
        if not metric.higher_is_better and before > 0:
            relative = value / before
            tested, limit = _excess(metric, source, columns, groups, max_drop), 0.0
    together = groups if groups is not None else alike
    at_most = bound(metric, outputs, source_outputs, truths, together)
    by: BoundBy = "" if at_most is None else "margins"
    if at_most is None and not interval.why_null:
        at_most, by = interval.at_most(value) / (1.0 if relative is None else before), "interval"
    if at_most is not None:  # what was counted is no less likely elsewhere
        at_most = max(at_most, value if relative is None else relative)
    return Drop(
        value=value,
        low=interval.known[0],
        high=interval.known[1],
        interval=interval.method,
        why_null=interval.why_null,
        n=len(outputs),
        resolved=settled(tested.low, tested.high, limit, len(outputs), count_groups(together)),
        relative=relative,
        bound=at_most,
        bound_by=by,
    )


def smallest_resolvable(metric: Judged, max_drop: float) -> int | None:
    """The fewest samples that could show a drop below `max_drop`, were there none at all.

    For metrics that count samples it follows from the interval of answers without a single
    difference; for others nothing is known beforehand but what a bootstrap needs.

    Returns:
        None where no number of samples would do (a `max_drop` of 0, say).
    """
    if not metric.counting:
        return FEWEST_SAMPLES
    reach = agreement_reach if metric.against == "source" else difference_reach
    if reach(MOST_SAMPLES) >= max_drop:
        return None
    told = range(1, MOST_SAMPLES)
    fewest = bisect.bisect_left(told, True, key=lambda n: reach(n) < max_drop) + 1
    return max(fewest, FEWEST_SAMPLES)


def too_few(
    metric: Judged, n: int, groups: np.ndarray | None, max_drop: float
) -> tuple[Advice, ...]:
    """Warnings where n samples, or so few groups, cannot tell whether `max_drop` is kept."""
    found = []
    needed = smallest_resolvable(metric, max_drop)
    count = count_groups(groups)
    samples, are_needed = f"{n} samples", f"{needed} samples are needed"
    if count is not None:  # samples of one group tell the same thing
        samples, are_needed = f"{n} samples of {count} groups", f"{needed} groups are needed"
    unit = "%" if not metric.in_points else "point" if 100 * max_drop == 1 else "points"
    lost = f"{100 * max_drop:g} {unit}"
    if needed is None:
        text = f"No number of samples can show a drop below {lost}"
        found.append(Advice(text, "Allow a larger --max-drop."))
    elif (count or n) < needed:
        enough = n >= FEWEST_SAMPLES and (count is None or count >= FEWEST_GROUPS)
        or_more = ", or a larger --max-drop" if metric.counting and enough else ""
        text = f"{samples} cannot resolve a drop of {lost}"
        found.append(Advice(text, f"At least {are_needed}{or_more}."))
    if count is not None and count < FEWEST_GROUPS:
        text = f"{count} groups are too few to say what other groups lose"
        found.append(
            Advice(text, f"Below {FEWEST_GROUPS} groups no candidate is said to keep the limit.")
        )
    return tuple(found)


def _columns(metric: Metric, outputs: np.ndarray, truths: np.ndarray) -> Columns:
    """The metric's columns of outputs that are numbers."""
    found = np.isnan(outputs)
    if found.any() and metric.against == "source" and truths.shape == outputs.shape:
        found = found & ~np.isnan(truths)  # a mask of the source's own
    nan = found.reshape(len(outputs), -1).any(axis=1).sum()
    if nan:
        raise StepFailed("failed-parity", f"it answers NaN for {nan} of {len(outputs)} samples")
    return metric.columns(outputs, truths)


def _value(metric: Metric, columns: Columns) -> float:
    value = metric.of(columns)
    if not np.isfinite(value):
        raise StepFailed("failed-parity", f"the {metric.name} of its answers is {value}")
    return value


def _score_interval(
    metric: Metric, columns: Columns, value: float, groups: np.ndarray | None
) -> Interval:
    n = len(columns[0])
    closed, units = None, independent(n, groups)
    if metric.proportion:
        closed = Interval(*wilson(int(columns[0].sum()) * units / n, units), "Wilson")

    def resampled(indices: np.ndarray) -> float:
        return metric.combine(*(column[indices] for column in columns))

    interval = interval_of(metric, resampled, value, groups, n, closed)
    if not metric.counting:
        return interval
    if metric.proportion:  # what few groups widen it by may reach beyond
        return replace(interval, low=max(0.0, interval.low), high=min(1.0, interval.high))
    return of_counts(interval, value, units, metric.higher_is_better)


def _missing_agreement(
    metric: Metric, columns: Columns, groups: np.ndarray | None
) -> tuple[float, Interval]:
    """What is missing to an agreement of 1, and agreement's own interval mirrored."""
    agreement = _value(metric, columns)
    found = _score_interval(metric, columns, agreement, groups)
    value = float((~columns[0]).mean()) if metric.proportion else 1 - agreement
    return value, replace(found, low=1 - found.high, high=1 - found.low).around(value)


def _lost_minus_won(source: Columns, columns: Columns) -> int:
    """Samples that only the source has right, less those that only the candidate has."""
    return int(source[0].sum()) - int(columns[0].sum())


def _drop_interval(
    metric: Metric, source: Columns, columns: Columns, value: float, groups: np.ndarray | None
) -> Interval:
    n = len(columns[0])
    closed, units = None, independent(n, groups)
    if metric.proportion:
        right, still_right = source[0], columns[0]
        lost, won = int((right & ~still_right).sum()), int((still_right & ~right).sum())
        share = units / n
        closed = Interval(*paired_difference(units, lost * share, won * share), "Bonett-Price")
    sign = 1 if metric.higher_is_better else -1
    difference = _weighted_difference(metric, source, columns, sign, -sign)
    interval = interval_of(metric, difference, value, groups, n, closed)
    if not metric.counting:
        return interval
    if metric.proportion:
        return replace(interval, low=max(-1.0, interval.low), high=min(1.0, interval.high))
    return of_count_differences(interval, value, units)


def _excess(
    metric: Metric, source: Columns, columns: Columns, groups: np.ndarray | None, max_drop: float
) -> Interval:
    """Of an error: candidate's minus (1 + max_drop) times the source's; above 0 is too much.

    It is resampled instead of the quotient, so that a small error below the line does no harm.
    """
    excess = _weighted_difference(metric, source, columns, -(1 + max_drop), 1)
    n = len(columns[0])
    value = excess(np.arange(n))
    reach = difference_reach(independent(n, groups)) if metric.counting else 0.0
    return interval_of(metric, excess, value, groups, n, None).around(value, reach, reach)


def _weighted_difference(
    metric: Metric, source: Columns, columns: Columns, of_source: float, of_candidate: float
) -> Statistic:
    """Indices -> weighted sum of the source's and the candidate's metric on these samples."""

    def statistic(indices: np.ndarray) -> float:
        before = metric.combine(*(column[indices] for column in source))
        after = metric.combine(*(column[indices] for column in columns))
        return of_source * before + of_candidate * after

    return statistic
