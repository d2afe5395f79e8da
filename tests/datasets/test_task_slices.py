"""A task's own tables as slices: what each class, size or point lost."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from edgeopt.datasets.task_slices import SourceSlices, slices_of
from edgeopt.stats.bootstrap import paired_bootstrap
from edgeopt.stats.subsampling import half_samples
from edgeopt.tasks.contributions import difference, statistic
from edgeopt.tasks.counted import mean, ratio
from edgeopt.tasks.detection import MEASURES, Detection
from edgeopt.tasks.segmentation import Segmentation
from edgeopt.tasks.tables import Each
from edgeopt.tasks.task import Measure
from tests.tasks.scenes import scene

MAP, _, _, RECALL = MEASURES
MIOU = Segmentation((1, 1), ("a",)).measures[0]
ERROR = Measure("error", "the mean error", higher_is_better=False, points=False)
LEVEL = Measure("level", "in decibels", points=False)
SHARE = Measure("share", "the share that is right", counting=True)


@dataclass(frozen=True)
class Table:
    """A judged task with one table."""

    table: Each

    def contributions(self, measure):
        raise KeyError(measure)

    def slices(self, measure):
        return {"kind": self.table}


def kinds(marked=None, **values):
    each = {name: mean(np.asarray(column, np.float64)) for name, column in values.items()}
    return Table(Each(each, marked))


def detectors(count=40, shift=2.5):
    """The labels of `scene`, found, and found worse where the class is the first."""
    truth, found = scene(1, count=count)
    boxes = found.boxes + shift * (found.classes == 0)[:, None]
    task = Detection("yolo", (64, 64), truth.names)
    return [task.judged(one, truth) for one in (found, replace(found, boxes=boxes))], truth


def test_the_class_that_lost_most_is_first_and_one_without_objects_is_none():
    (source, worse), truth = detectors()
    by_class, by_size = slices_of(source, worse, MAP, "confirm", 0.01)
    assert (by_class.by, by_size.by, by_class.part) == ("class", "size", "confirm")
    assert by_class.count == len(by_class.worst) == 4  # the fifth has no objects
    first, *others = by_class.worst
    assert first.value == "class 0"
    assert first.drop.value > max(abs(one.drop.value) for one in others)
    assert first.drop.value == pytest.approx(first.source.value - first.score.value)
    assert first.n == len(set(truth.image[(truth.classes == 0) & ~truth.crowd]))
    assert first.drop.n == first.n == first.source.n
    assert {one.value for one in by_size.worst} == {"small", "medium", "large"}


def test_intervals_are_those_of_each_value_by_itself():
    (source, worse), _ = detectors()
    effects = {one.value: one for one in slices_of(source, worse, MAP, "choose", 0.01)[1].worst}
    tables = [one.slices("map")["size"] for one in (source, worse)]
    small = [table.each[table.names.index("small")] for table in tables]
    found = effects["small"]
    expected = half_samples(statistic(small[0]), small[0].value(), 40)
    assert (found.source.low, found.source.high) == pytest.approx(expected)
    lost = half_samples(difference(*small), small[0].value() - small[1].value(), 40)
    assert (found.drop.low, found.drop.high) == pytest.approx(lost)
    assert found.drop.interval == "half-samples"


def test_a_bootstrap_is_paired():
    rng = np.random.default_rng(0)
    first = rng.random(400)
    source, own = kinds(a=first), kinds(a=first - 0.1 + rng.normal(0, 0.01, 400))
    (drop,) = (one.drop for one in slices_of(source, own, MIOU, "choose", 0.01)[0].worst)
    parts = [one.table.parts["a"] for one in (source, own)]
    expected = paired_bootstrap(difference(*parts), 400, None, 500)
    assert (drop.low, drop.high) == pytest.approx(expected, rel=0.01)
    assert drop.high - drop.low < 0.01  # the kinds themselves vary by ten times that
    assert drop.resolved
    assert drop.bound == pytest.approx(drop.value + 0.8392 * (drop.high - drop.value), rel=1e-3)


@pytest.mark.parametrize("measure", [MAP, RECALL, MIOU])
def test_the_source_itself_loses_nothing(measure):
    source = kinds(a=np.ones(60)) if measure is MIOU else detectors()[0][0]
    effects = slices_of(source, source, measure, "choose", 0.01)[0].worst
    drops = [one.drop for one in effects if one.drop is not None]
    assert drops
    assert {drop.value for drop in drops} == {0.0}
    if measure.counting:  # equal answers of few images leave it open
        assert all(drop.low < 0 < drop.high and not drop.resolved for drop in drops)


def test_an_error_is_told_in_shares_of_the_sources():
    rng = np.random.default_rng(1)
    errors = rng.random(200)
    effects = slices_of(
        kinds(a=errors, b=np.zeros(200)),
        kinds(a=errors * 1.5, b=np.zeros(200) + 0.02), ERROR, "choose", 0.2,
    )[0].worst  # fmt: skip
    a, b = effects
    assert (a.value, b.value) == ("a", "b")
    assert a.drop.relative == pytest.approx(0.5)
    assert a.drop.value == pytest.approx(0.5 * errors.mean())
    assert a.drop.resolved  # 50 % is more than 20 %
    assert b.drop.relative is None  # of an error of 0 nothing is a share
    assert b.drop.value == pytest.approx(0.02)


def test_what_is_no_share_of_1_loses_a_share_of_the_sources():
    levels = np.random.default_rng(1).normal(40, 1, 200)
    found = slices_of(kinds(a=levels), kinds(a=levels - 1), LEVEL, "choose", 0.05)[0].worst[0]
    assert found.drop.value == pytest.approx(1)
    assert found.drop.relative == pytest.approx(1 / levels.mean())
    assert found.drop.bound == pytest.approx(1 / levels.mean())
    assert found.drop.resolved  # 2.5 % is less than 5 %


def test_groups_of_samples_are_none_of_queries():
    (one,) = slices_of(kinds(a=np.ones(30)), kinds(a=np.ones(30)), MIOU, "choose", 0.1,
                       np.arange(90))[0].worst  # fmt: skip
    assert one.source.groups is None


def test_what_is_not_defined_is_last_and_says_so():
    halves = np.where(np.arange(40) < 20, 1.0, np.nan)
    task = kinds(a=np.full(40, np.nan), b=halves)
    b, a = slices_of(task, task, MIOU, "choose", 0.1)[0].worst
    assert (a.value, a.n, a.source, a.drop) == ("a", 40, None, None)
    assert a.why_null == "miou is not defined for it in these samples"
    assert b.drop.value == 0


def test_few_samples_settle_nothing_below_the_limit():
    marked = np.zeros((100, 2), bool)
    marked[:, 0] = True
    marked[:12, 1] = True
    right = np.ones(100)
    values = {"many": right, "few": np.where(marked[:, 1], right, np.nan)}
    many, few = sorted(
        slices_of(kinds(marked, **values), kinds(marked, **values), MIOU, "choose", 0.1)[0].worst,
        key=lambda one: -one.n,
    )
    assert (many.n, few.n) == (100, 12)
    assert many.drop.resolved
    assert not few.drop.resolved
    assert few.decides


def test_shares_stay_within_0_and_1_and_groups_are_drawn_whole():
    right = np.ones(90)
    right[:3] = 0
    groups = np.arange(90) // 3
    (one,) = slices_of(kinds(a=right), kinds(a=right), SHARE, "choose", 0.01, groups)[0].worst
    assert 0 < one.source.low < one.source.value < one.source.high <= 1
    assert one.source.groups == 30
    assert one.source.interval == "bootstrap of groups"
    alone = slices_of(kinds(a=right), kinds(a=right), SHARE, "choose", 0.01)[0].worst[0]
    assert one.source.low < alone.source.low  # three that are wrong together are one


def test_what_cannot_be_resampled_has_values_and_a_reason():
    (source, worse), _ = detectors(count=3)
    effects = slices_of(source, worse, MAP, "choose", 0.01)[0].worst
    known = [one for one in effects if one.drop is not None]
    assert known
    assert all(one.drop.low is None and not one.drop.resolved for one in known)
    assert {one.drop.why_null for one in known} == {"halves need 4 samples or groups, got 3"}
    rare = np.full(40, np.nan)
    rare[0] = 1.0
    once = kinds(~np.isnan(rare)[:, None], a=rare)
    (one,) = slices_of(once, once, MIOU, "choose", 0.01)[0].worst
    assert (one.n, one.drop.value, one.drop.resolved) == (1, 0.0, False)


def test_twenty_are_kept_and_more_until_one_decides():
    names = [f"c{i}" for i in range(30)]
    marked = np.zeros((50, 30), bool)
    marked[:3] = True
    marked[:, 29] = True
    source = {name: np.ones(50) for name in names}
    own = {name: 1 - 0.01 * (30 - i) * np.ones(50) for i, name in enumerate(names)}
    (found,) = slices_of(kinds(marked, **source), kinds(marked, **own), MIOU, "choose", 0.01)
    assert (found.count, len(found.worst)) == (30, 30)
    assert found.worst_deciding.value == "c29"
    marked[:, 0] = True
    (found,) = slices_of(kinds(marked, **source), kinds(marked, **own), MIOU, "choose", 0.01)
    assert len(found.worst) == 20


def test_the_source_is_resampled_once_for_all_candidates():
    calls = []

    @dataclass(frozen=True)
    class Counting(Each):
        def values(self, weights=None):
            calls.append(1)
            return super().values(weights)

    of = {"a": ratio(np.ones(30), np.ones(30))}
    source = SourceSlices(Table(Counting(of)), MIOU)
    once = source.beside(Table(Each(of)), "choose", 0.01)
    made = len(calls)
    assert source.beside(Table(Each(of)), "choose", 0.01) == once
    assert len(calls) == made > 100


def test_a_task_without_tables_has_no_slices():
    class Nothing:
        def contributions(self, measure):
            raise KeyError(measure)

        def slices(self, measure):
            return {}

    assert slices_of(Nothing(), Nothing(), MIOU, "choose", 0.01) == ()
