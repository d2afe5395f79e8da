"""Candidates in the order of what a run aims at."""

import msgspec
import pytest

from edgeopt.domain.energy import Energy
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.record import Executed
from edgeopt.domain.run import Constraints
from edgeopt.search.aims import cost, on_one_scale, relative
from edgeopt.search.choose import better, ranked, shortfalls, tied_with
from edgeopt.search.worth import chances
from tests.search.test_choose import drop, latency, names, record

RAN = Executed(
    runtime_version="1", precision="fp32", threads=1, options={}, load_ms=1.0,
    first_infer_ms=1.0, peak_rss_bytes=9, why_null={},
)  # fmt: skip


def candidate(name, p50, *, p90=None, size=100, memory=None, mj=None, ratio=None, **more):
    timed = msgspec.structs.replace(latency(p50), p90=p90)
    return record(
        name,
        size=size,
        ratio=ratio,
        latency_ms=timed,
        executed=msgspec.structs.replace(RAN, memory_bytes=memory),
        energy=Energy(meter="m", covers="board", gross_mj=mj),
        **more,
    )


FAST = candidate("fast", 1.0, p90=9.0, size=300, memory=30, mj=7.0)
SMALL = candidate("small", 2.0, p90=3.0, size=100, memory=90, mj=8.0)
CALM = candidate("calm", 3.0, p90=3.5, size=200, memory=20, mj=5.0)
ALL = [FAST, SMALL, CALM]


@pytest.mark.parametrize(
    ("aim", "order"),
    [
        ("latency", ["fast", "small", "calm"]),
        ("p90", ["small", "calm", "fast"]),
        ("size", ["small", "calm", "fast"]),
        ("memory", ["calm", "fast", "small"]),
        ("energy", ["calm", "fast", "small"]),
        ("throughput", ["fast", "small", "calm"]),
    ],
)
def test_the_least_cost_goes_first(aim, order):
    assert names(ranked(ALL, aim=aim)) == order


def test_of_forms_of_one_size_the_fastest_goes_first_whatever_its_threads():
    slow, fast = (
        candidate(
            name, p50, size=100, recipe=Recipe(runtime="onnxruntime", precision="fp32", threads=t)
        )
        for name, p50, t in (("slow", 2.0, 1), ("quick", 1.0, 4))
    )
    assert names(ranked([slow, fast], aim="size")) == ["quick", "slow"]


def test_of_forms_of_one_size_the_one_that_loses_less_goes_first():
    lossy = candidate("lossy", 1.0, drop=drop(0.2))
    exact = candidate("exact", 2.0, drop=drop(0.0))
    assert names(ranked([lossy, exact], aim="size")) == ["exact", "lossy"]


def test_a_p90_is_ranked_over_schedules_by_the_baseline_of_each():
    base = candidate("base", 4.0, p90=5.0)
    there = candidate("there", 1.0, p90=2.0, ratio=4.0)  # 2.0 of a baseline of 4 ms
    here = candidate("here", 3.0, p90=3.0, ratio=4.0)  # in a schedule three times as slow
    assert relative(there, "p90", "base") == pytest.approx(0.5)
    assert relative(here, "p90", "base") == pytest.approx(0.25)
    assert names(ranked([base, there, here], "base", "p90")) == ["here", "there", "base"]


def test_the_p90_of_few_runs_counts_as_their_median():
    assert cost(candidate("few", 2.0), "p90") == 2.0


def test_what_has_no_figure_comes_last():
    unknown = candidate("unknown", 0.1)
    assert names(ranked([unknown, *ALL], aim="energy")) == ["calm", "fast", "small", "unknown"]


@pytest.mark.parametrize(
    ("aim", "expected"), [("size", True), ("latency", False), ("energy", False), ("p90", True)]
)
def test_better_is_meant_by_the_aim(aim, expected):
    verdicts = [msgspec.structs.replace(r, versus_baseline=None) for r in (SMALL, FAST)]
    with_ratio = [
        msgspec.structs.replace(one, versus_baseline=record(ratio=ratio).versus_baseline)
        for one, ratio in zip(verdicts, (2.0, 4.0), strict=True)
    ]
    assert better(*with_ratio, "base", aim) is expected


def test_a_tie_is_of_what_is_aimed_at():
    one, other = candidate("one", 1.0, size=101), candidate("other", 9.0, size=100)
    assert tied_with(one, [other], None, "size") == other
    assert tied_with(other, [one], None, "size") is None


@pytest.mark.parametrize(
    ("limits", "kinds"),
    [
        ({"max_p90_ms": 8.0}, ["p90"]),
        ({"max_p90_ms": 9.0}, []),
        ({"max_memory_bytes": 29, "max_energy_mj": 6.9}, ["memory", "energy"]),
    ],
)
def test_limits_on_what_was_measured(limits, kinds):
    assert [one.kind for one in shortfalls(FAST, Constraints(**limits))] == kinds


def test_a_figure_that_is_not_known_counts_as_kept():
    limits = Constraints(max_p90_ms=0.1, max_memory_bytes=1, max_energy_mj=0.1)
    assert shortfalls(candidate("x", 1.0), limits) == ()


def static(name, p50, size, lost):
    recipe = Recipe(runtime="litert", precision="int8-static")
    more = {"runtime": "litert", "precision": "int8-static", "recipe": recipe}
    return candidate(name, p50, size=size, drop=drop(lost), **more)


@pytest.mark.parametrize(
    ("aim", "worth_it"), [("latency", []), ("size", ["int8"]), ("p90", []), ("energy", [])]
)
def test_a_small_int8_that_is_slow_is_refined_for_its_size(aim, worth_it):
    whole = candidate("whole", 1.0, size=400)
    int8 = static("int8", 3.0, 100, 0.2)
    found = chances([whole, int8], Constraints(max_drop=0.01), aim)
    assert names([chance.plain for chance in found]) == worth_it


def test_one_that_is_no_smaller_is_not():
    whole = candidate("whole", 1.0, size=104)
    assert chances([whole, static("int8", 3.0, 100, 0.2)], Constraints(), "size") == []


def test_a_busy_minute_does_not_make_what_was_timed_in_it_slow():
    """Two schedules, the second in a minute in which all takes twice as long."""
    base = record("base", p50=2.0)  # of the second
    early = record("early", p50=0.8, ratio=1.25)  # 1.0 beside it in the first
    late = record("late", p50=1.0, ratio=2.0)
    by_another = record("alone", p50=5.0)
    found = on_one_scale([base, early, late, by_another, record("never", p50=None)], "base")
    by_name = {key[2]: ms for key, ms in found.items()}
    assert by_name == pytest.approx({"base": 2.0, "early": 1.6, "late": 1.0, "alone": 5.0})


def test_times_beside_something_else_are_not_scaled():
    one = record("one", p50=0.8, ratio=1.25)  # beside "base"
    found = on_one_scale([record("other", p50=9.0), one], "other")
    assert found[one.key] == 0.8
