"""What a candidate did to each class, size or point that its task can tell apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from edgeopt.datasets.intervals import (
    Interval,
    count_groups,
    independent,
    of_count_differences,
    of_counts,
)
from edgeopt.datasets.slices import KEPT
from edgeopt.domain.effects import LEAST_TO_DECIDE, SliceEffect, Slices
from edgeopt.domain.score import Drop, Score, settled
from edgeopt.tasks import resampling
from edgeopt.tasks.contributions import Floats, Table
from edgeopt.tasks.task import Judged, Measure


def slices_of(
    source: Judged,
    candidate: Judged,
    measure: Measure,
    part: str,
    max_drop: float,
    groups: np.ndarray | None = None,
) -> tuple[Slices, ...]:
    """The effect on each value of each table that the task has for a measure, worst first.

    `SliceEffect.n` counts samples that have what the value is of: images with an object of the
    class; what none has is left out. The intervals of one table are from one set of resamples, the
    same for both models. Where several candidates have one source, `SourceSlices` resamples the
    source once.

    Args:
        part: "choose" or "confirm". max_drop: what `resolved` of each drop is compared with.
        groups: [n] or None, of samples that are not independent.
    """
    return SourceSlices(source, measure, groups).beside(candidate, part, max_drop)


@dataclass(frozen=True, eq=False)
class SourceSlices:
    """The source's tables for a measure, resampled once for all candidates."""

    judged: Judged
    measure: Measure
    groups: np.ndarray | None = None

    @cached_property
    def tables(self) -> Mapping[str, Resampled]:
        """By name: "class", "size", "point"."""
        return self._resampled(self.judged)

    def beside(self, candidate: Judged, part: str, max_drop: float) -> tuple[Slices, ...]:
        """As `slices_of`."""
        own = self._resampled(candidate)
        return tuple(
            _Pair(self.measure, table, own[by], part, max_drop).slices(by)
            for by, table in self.tables.items()
        )

    def _resampled(self, judged: Judged) -> dict[str, Resampled]:
        found = judged.slices(self.measure.name)
        halves = self.measure.resampling == "subsample"
        return {by: Resampled(each, self._fitting(each), halves) for by, each in found.items()}

    def _fitting(self, table: Table) -> np.ndarray | None:
        """None where its values are of something else than samples, such as queries."""
        groups = self.groups
        return groups if groups is not None and len(groups) == len(table) else None


@dataclass(frozen=True, eq=False)
class Resampled:
    """A table's k values, of all samples and in every resample.

    Attributes:
        groups: [n] or None. halves: how it is resampled (`Measure.resampling`).
    """

    table: Table
    groups: np.ndarray | None
    halves: bool

    @cached_property
    def whole(self) -> Floats:
        """[k]."""
        return self.table.values()

    @cached_property
    def there(self) -> np.ndarray:
        """bool[n, k]."""
        return self.table.there

    @cached_property
    def draws(self) -> Floats | str:
        """[draws, k], or why there are none."""
        try:
            return resampling.drawn(self.table, self.groups, self.halves)
        except ValueError as error:
            return str(error)


@dataclass(frozen=True, eq=False)
class _Pair:
    """The source's table and a candidate's, of the same samples and values."""

    measure: Measure
    source: Resampled
    own: Resampled
    part: str
    max_drop: float

    @property
    def _sign(self) -> float:
        return 1.0 if self.measure.higher_is_better else -1.0

    def slices(self, by: str) -> Slices:
        """All that samples have, worst first; more than 20 only until the first that decides."""
        there = [k for k, lost in enumerate(self._lost) if self._n(k) or np.isfinite(lost)]
        order = sorted(there, key=self._worst_first)
        decides = (place for place, k in enumerate(order) if self._decides(k))
        kept = max(KEPT, next(decides, 0) + 1)
        worst = tuple(self._effect(k) for k in order[:kept])
        return Slices(by=by, part=self.part, count=len(order), worst=worst)

    @cached_property
    def _lost(self) -> Floats:
        return self._sign * (self.source.whole - self.own.whole)

    @cached_property
    def _relative(self) -> np.ndarray:
        """bool[k]: what is no share of 1 loses a share of the source's value."""
        return (self.source.whole > 0) & (not self.measure.points)

    @cached_property
    def _judged(self) -> Floats:
        shares = np.divide(self._lost, self.source.whole, where=self._relative, out=self._lost + 0)
        return np.asarray(shares, np.float64)

    def _worst_first(self, k: int) -> tuple[bool, float, int]:
        """Those without a loss last; of equal losses the larger slice first."""
        lost = float(self._judged[k])
        return (not np.isfinite(lost), -lost if np.isfinite(lost) else 0.0, -self._n(k))

    def _decides(self, k: int) -> bool:
        return bool(np.isfinite(self._judged[k])) and self._n(k) >= LEAST_TO_DECIDE

    def _n(self, k: int) -> int:
        return int(self.source.there[:, k].sum())

    def _groups(self, k: int) -> np.ndarray | None:
        groups = self.source.groups
        return None if groups is None else groups[self.source.there[:, k]]

    def _units(self, k: int) -> int:
        """Independent samples."""
        return max(1, independent(self._n(k), self._groups(k)))

    def _effect(self, k: int) -> SliceEffect:
        name, n = self.source.table.names[k], self._n(k)
        if not np.isfinite(self._lost[k]):
            why = f"{self.measure.name} is not defined for it in these samples"
            return SliceEffect(value=name, n=n, source=None, score=None, drop=None, why_null=why)
        return SliceEffect(
            value=name,
            n=n,
            source=self._score(self.source, self._source_ends, k),
            score=self._score(self.own, self._own_ends, k),
            drop=self._drop(k),
        )

    def _score(self, of: Resampled, found: tuple[Floats, Floats] | str, k: int) -> Score:
        value = float(of.whole[k])
        interval = self._interval(found, k).around(value)
        if self.measure.counting:  # without a single error it is uncertain still
            interval = of_counts(interval, value, self._units(k), self.measure.higher_is_better)
        low, high = interval.known
        return Score(
            metric=self.measure.name,
            value=value,
            low=low,
            high=high,
            interval=interval.method,
            why_null=interval.why_null,
            n=self._n(k),
            part=self.part,
            groups=count_groups(self._groups(k)),
        )

    def _drop(self, k: int) -> Drop:
        value = float(self._lost[k])
        interval = self._reaching(self._interval(self._lost_ends, k), value, k)
        tested, limit, relative, share = interval, self.max_drop, None, 1.0
        if self._relative[k]:
            share = float(self.source.whole[k])
            relative, limit = value / share, 0.0
            beyond = value - self.max_drop * share
            tested = self._reaching(self._interval(self._excess_ends, k), beyond, k)
        low, high = interval.known
        judged = value if relative is None else relative
        n, groups = self._n(k), count_groups(self._groups(k))
        return Drop(
            value=value,
            low=low,
            high=high,
            interval=interval.method,
            why_null=interval.why_null,
            n=n,
            resolved=n > 0 and settled(tested.low, tested.high, limit, n, groups),
            relative=relative,
            bound=None if high is None else max(interval.at_most(value) / share, judged),
            bound_by="" if high is None else "interval",
        )

    def _reaching(self, interval: Interval, value: float, k: int) -> Interval:
        """Holds its value; of counts, with the width that equal answers still have."""
        if not self.measure.counting:
            return interval.around(value)
        return of_count_differences(interval, value, self._units(k))

    def _interval(self, found: tuple[Floats, Floats] | str, k: int) -> Interval:
        if isinstance(found, str):
            return Interval(-np.inf, np.inf, "", found)
        low, high = float(found[0][k]), float(found[1][k])
        if np.isnan(low):
            why = "it is defined for too few of the resamples"
            return Interval(-np.inf, np.inf, "", why)
        method = "half-samples" if self.source.halves else "bootstrap"
        return Interval(low, high, method + ("" if self.source.groups is None else " of groups"))

    @cached_property
    def _source_ends(self) -> tuple[Floats, Floats] | str:
        return self._ends(1.0, 0.0)

    @cached_property
    def _own_ends(self) -> tuple[Floats, Floats] | str:
        return self._ends(0.0, 1.0)

    @cached_property
    def _lost_ends(self) -> tuple[Floats, Floats] | str:
        return self._ends(self._sign, -self._sign)

    @cached_property
    def _excess_ends(self) -> tuple[Floats, Floats] | str:
        """The drop beyond what is allowed, where that is a share of the source's value."""
        return self._ends(self._sign - self.max_drop, -self._sign)

    def _ends(self, of_source: float, of_own: float) -> tuple[Floats, Floats] | str:
        """Of a weighted sum of both."""
        theirs, ours = self.source.draws, self.own.draws
        if isinstance(theirs, str) or isinstance(ours, str):
            return theirs if isinstance(theirs, str) else str(ours)
        units = independent(len(self.source.table), self.source.groups)
        return resampling.ends(
            of_source * theirs + of_own * ours,
            of_source * self.source.whole + of_own * self.own.whole,
            units,
            self.source.halves,
        )
