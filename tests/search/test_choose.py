import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from edgeopt.domain.effects import SliceEffect, Slices
from edgeopt.domain.latency import Latency, Verdict
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.record import Record
from edgeopt.domain.run import Constraints, Miss
from edgeopt.domain.score import Drop
from edgeopt.domain.shortfall import Shortfall, Subset
from edgeopt.report import shortfall_words
from edgeopt.search import choose
from edgeopt.search.choose import TIE, qualifying, ranked, shortfalls

ONE_POINT = Constraints(max_drop=0.01)


def drop(value, relative=None, n=500):
    return Drop(
        value=value, low=value, high=value, interval="exact", n=n, resolved=True, relative=relative
    )


def latency(p50):
    return Latency(p50=p50, p50_low=p50, p50_high=p50, p90=None, n=100, launches=1, stage="screen")


def verdict(ratio):
    return Verdict(
        word="FASTER", ratio=ratio, low=None, high=None, over="base", pairs=9, launches=1, margin=0
    )


def record(name="a", lost=0.0, p50=1.0, size=100, ratio=None, **changes):
    """A candidate that came through. Its name becomes its id."""
    fields = {
        "target": "here",
        "device": "local",
        "runtime": "onnxruntime",
        "precision": "fp32",
        "recipe_id": name,
        "recipe": Recipe(runtime="onnxruntime", precision="fp32"),
        "status": "ok",
        "step": None,
        "drop": None if lost is None else drop(lost),
        "latency_ms": None if p50 is None else latency(p50),
        "versus_baseline": None if ratio is None else verdict(ratio),
        "size_bytes": size,
    }
    return Record(**{**fields, **changes})


def misses(one, limits):
    """By what it falls short, as the report says it."""
    return [shortfall_words.clause(each) for each in shortfalls(one, limits)]


def nearest_misses(records, limits, count=3):
    """The nearest ones, as a choice keeps them."""
    found = choose.nearest(records, limits, count)
    return [shortfall_words.miss(one, shortfalls(one, limits)) for one in found]


def names(records):
    return [r.recipe_id for r in records]


def test_what_spoiled_the_measurement_is_a_miss():
    spoiled = msgspec.structs.replace(latency(1.0), spoiled=("throttling: under-voltage",))
    found = misses(record(latency_ms=spoiled), ONE_POINT)
    assert found == ["its latency cannot be trusted (throttling: under-voltage)"]
    assert qualifying([record(latency_ms=spoiled), record("b")], ONE_POINT) == [record("b")]


def test_nothing_missed():
    assert misses(record(lost=0.01), ONE_POINT) == []
    assert misses(record(lost=-0.2), ONE_POINT) == []


@pytest.mark.parametrize(
    ("changes", "limits", "expected"),
    [
        (
            {"lost": 0.0312},
            {"max_drop": 0.01},
            "it loses 3.1 points on the 500 choosing samples, and 1.0 points are allowed",
        ),
        (
            {"confirm_drop": drop(0.02, n=300)},
            {"max_drop": 0.01},
            "it loses 2.0 points on the 300 held-out samples, and 1.0 points are allowed",
        ),
        (
            {"drop": drop(0.0001, relative=0.5)},
            {"max_drop": 0.01},
            "it loses 50.0 % on the 500 choosing samples, and 1.0 % are allowed",
        ),
        (
            {"lost": math.nan},
            {"max_drop": 0.01},
            "it loses nan points on the 500 choosing samples, and 1.0 points are allowed",
        ),
        ({"lost": None}, {}, "it has no score"),
        ({"size": 101}, {"max_size_bytes": 100}, "its size is 101 bytes, allowed 100 bytes"),
        ({"p50": 2.5}, {"max_latency_ms": 2.0}, "its p50 is 2.50 ms, allowed 2.00 ms"),
    ],
)
def test_what_is_missed(changes, limits, expected):
    assert misses(record(**changes), Constraints(**limits)) == [expected]


def test_a_shortfall_is_a_value_with_its_kind_its_figure_its_limit_and_its_place():
    limits = Constraints(max_drop=0.01, max_slice_drop=0.05, max_size_bytes=9, max_latency_ms=0.5)
    spoiled = msgspec.structs.replace(latency(1.0), spoiled=("throttling: under-voltage",))
    short = record(
        drop=drop(3.0, relative=0.3), slices=sliced(0.2, part="choose"), latency_ms=spoiled
    )
    assert shortfalls(short, limits) == (
        Shortfall(
            kind="drop", got=0.3, allowed=0.01, relative=True, where=Subset(part="choose", n=500)
        ),
        Shortfall(
            kind="slice-drop",
            got=0.2,
            allowed=0.05,
            where=Subset(part="choose", n=40, column="class", value="3"),
        ),
        Shortfall(kind="size", got=100, allowed=9),
        Shortfall(kind="untrusted-latency", spoiled=("throttling: under-voltage",)),
        Shortfall(kind="latency", got=1.0, allowed=0.5),
    )
    assert shortfalls(record(lost=None), ONE_POINT) == (Shortfall(kind="no-score"),)


@pytest.mark.parametrize(
    ("kind", "got", "is_loss"),
    [
        ("drop", 0.5, True),
        ("slice-drop", 0.5, True),
        ("drop", math.nan, False),  # what answers with NaN is mended by no other integers
        ("no-score", None, False),
        ("size", 5.0, False),
        ("latency", 5.0, False),
        ("untrusted-latency", None, False),
    ],
)
def test_a_loss_by_a_number_is_what_other_integers_may_mend(kind, got, is_loss):
    assert Shortfall(kind=kind, got=got).is_loss is is_loss


def test_limits_that_are_just_kept():
    limits = Constraints(max_drop=0.01, max_size_bytes=100, max_latency_ms=1.0)
    kept = record(drop=drop(0.5, relative=0.01), confirm_drop=drop(0.01))
    assert misses(kept, limits) == []


def test_what_is_not_known_is_not_held_against_it():
    limits = Constraints(max_size_bytes=1, max_latency_ms=0.1)
    assert misses(record(p50=None, size=None), limits) == []


def test_everything_missed_is_said():
    limits = Constraints(max_drop=0, max_size_bytes=1, max_latency_ms=0.1)
    assert len(misses(record(lost=0.1, confirm_drop=drop(0.2)), limits)) == 4


def test_qualifying():
    records = [
        record("good"),
        record("worse", lost=0.02),
        record("failed", status="failed-run", step="measure"),
        record("unscored", lost=None),
        record("unmeasured", p50=None),
    ]
    assert names(qualifying(records, ONE_POINT)) == ["good", "unmeasured"]


def test_fastest_first():
    records = [record("c", p50=3), record("a", p50=1), record("x", p50=None), record("b", p50=2)]
    assert names(ranked(records)) == ["a", "b", "c"]
    assert ranked([]) == []


def test_among_equally_fast_ones_the_least_loss_wins():
    records = [
        record("fast", lost=0.009, p50=1.000),
        record("kept", lost=0.001, p50=1.015),
        record("slow", lost=0.000, p50=1.030),
    ]
    assert names(ranked(records)) == ["kept", "fast", "slow"]


def test_what_a_schedule_does_not_tell_apart_is_a_tie_up_to_three_percent():
    fast = record("fast", lost=0.008, p50=1.0)
    kept = record("kept", lost=0.0, p50=1.025)
    assert names(ranked([fast, kept])) == ["fast", "kept"]
    alike = replace(kept, alike=("fast",))
    assert names(ranked([fast, alike])) == ["kept", "fast"]
    assert names(ranked([fast, alike], aim="p90")) == ["kept", "fast"]
    sized = [replace(r, size_bytes=n) for r, n in ((fast, 1000), (alike, 1025))]
    assert names(ranked(sized, aim="size")) == ["fast", "kept"]
    assert names(ranked([fast, replace(kept, alike=("other",))])) == ["fast", "kept"]
    far = record("kept", lost=0.0, p50=1.04, alike=("fast",))
    assert names(ranked([fast, far])) == ["fast", "kept"]


def test_an_equal_loss_leaves_it_to_the_clock():
    records = [record("b", p50=1.01), record("a", p50=1.0)]
    assert names(ranked(records)) == ["a", "b"]


def test_an_equal_loss_of_two_sizes_leaves_it_to_the_size():
    records = [record("fp16", p50=1.01, size=60), record("fp32", p50=1.0, size=100)]
    assert names(ranked(records)) == ["fp16", "fp32"]
    assert names(ranked([records[0], replace(records[1], size_bytes=None)])) == ["fp16", "fp32"]


def unsure(value, half):
    return replace(drop(value), low=value - half, high=value + half)


def test_what_the_samples_do_not_tell_apart_is_no_loss_and_fewer_threads_go_first():
    def threads(count):
        return Recipe(runtime="onnxruntime", precision="fp32", threads=count)

    fast = record("two", p50=1.00, drop=unsure(0.002, 0.004), recipe=threads(2))
    one = record("one", p50=1.01, drop=unsure(0.003, 0.004), recipe=threads(1))
    assert names(ranked([fast, one])) == ["one", "two"]
    told = record("loses", p50=1.01, drop=unsure(0.009, 0.001), recipe=threads(1))
    assert names(ranked([replace(fast, drop=unsure(0.002, 0.001)), told])) == ["two", "loses"]


def bounded(name, bound, lost=0.0, p50=1.0, **changes):
    return record(name, p50=p50, drop=replace(drop(lost), bound=bound), **changes)


def test_those_that_are_likely_to_keep_the_limit_go_first():
    records = [
        bounded("lucky", 0.05, p50=1),
        bounded("careful", 0.02, p50=2),
        bounded("likely", 0.008, p50=3),
        bounded("exact", 0.0, p50=4),
        record("unknown", p50=5),
    ]
    ordered = names(choose.in_order(records, ONE_POINT))
    assert ordered == ["likely", "exact", "unknown", "careful", "lucky"]


def test_both_parts_have_a_say_once_it_is_confirmed():
    one = bounded("a", 0.001, confirm_drop=replace(drop(0.0), bound=0.03))
    assert not choose.likely(one, ONE_POINT)
    assert choose.most_careful([one, bounded("b", 0.014)]).recipe_id == "b"
    assert choose.most_careful([one, bounded("b", 0.017)]).recipe_id == "a"
    assert choose.most_careful([]) is None


def test_a_limit_of_nothing_does_not_make_every_form_unlikely():
    assert choose.likely(bounded("fp32", 1e-6), Constraints(max_drop=0))
    assert not choose.likely(bounded("int8", 0.002), Constraints(max_drop=0))


def test_the_faster_one_that_counts_as_equally_fast_is_known():
    chosen = record("chosen", p50=1.01, ratio=2.0)
    tied, slower = record("tied", p50=1.0, ratio=2.02), record("slower", ratio=1.9)
    screened = record("other", ratio=2.03, latency_ms=replace(latency(1.0), stage="final"))
    assert choose.tied_with(chosen, [chosen, tied, slower, screened], "base") == tied
    assert choose.tied_with(tied, [chosen, tied, slower], "base") is None
    assert choose.tied_with(chosen, [record("far", ratio=3.0)], "base") is None
    untold = record("untold", p50=0.98, ratio=2.05)
    assert choose.tied_with(chosen, [chosen, untold], "base") is None
    alike = replace(chosen, alike=("untold",))
    assert choose.tied_with(alike, [alike, untold], "base") == untold


def test_a_tie_is_with_the_fastest_not_along_a_chain():
    records = [record(str(i), lost=0.01 - i * 0.001, p50=1.0 * 1.015**i) for i in range(4)]
    assert names(ranked(records)) == ["1", "0", "3", "2"]


def test_a_record_without_a_score_counts_as_lossless_here():
    assert names(ranked([record("scored", lost=0.005), record("not", lost=None, p50=1.01)])) == [
        "not",
        "scored",
    ]


@given(
    st.lists(st.tuples(st.floats(0.1, 10), st.sampled_from([0.0, 0.001, 0.002, 0.003])), max_size=8)
)
def test_order_of_rank(drawn):
    records = [record(str(i), lost=lost, p50=p50) for i, (p50, lost) in enumerate(drawn)]
    ordered = ranked(records)
    assert sorted(names(ordered)) == sorted(names(records))
    for i, first in enumerate(ordered):
        for later in ordered[i + 1 :]:
            fastest = min(r.latency_ms.p50 for r in ordered[i:])
            assert first.latency_ms.p50 <= fastest * (1 + TIE)
            if later.latency_ms.p50 <= fastest * (1 + TIE):
                assert first.drop.judged <= later.drop.judged


def test_nearest_misses():
    limits = Constraints(max_drop=0.01, max_size_bytes=100)
    records = [
        record("both", lost=0.011, size=101),
        record("far", lost=0.5),
        record("good"),
        record("near", lost=0.02),
        record("large", lost=0.0, size=200),
        record("failed", lost=0.02, status="failed-run"),
        record("unscored", lost=None),
    ]
    found = nearest_misses(records, limits)
    assert [miss.recipe_id for miss in found] == ["large", "near", "far"]
    assert found[0] == Miss(
        recipe_id="large",
        title="onnxruntime fp32 threads=1",
        why="its size is 200 bytes, allowed 100 bytes",
    )
    everything = nearest_misses(records, limits, count=10)
    assert [miss.recipe_id for miss in everything] == ["large", "near", "far", "both"]
    assert everything[-1].why == (
        "it loses 1.1 points on the 500 choosing samples, and 1.0 points are allowed; "
        "its size is 101 bytes, allowed 100 bytes"
    )


def test_the_nearest_misses_its_limit_by_the_smallest_share():
    limits = Constraints(max_latency_ms=1.0, max_drop=0.01)
    records = [record("slow", p50=15.0), record("lossy", lost=0.03), record("near", p50=2.0)]
    spoiled = replace(latency(1.0), spoiled=("throttling: under-voltage",))
    records.append(record("untrusted", latency_ms=spoiled))
    found = [miss.recipe_id for miss in nearest_misses(records, limits, count=4)]
    assert found == ["near", "lossy", "slow", "untrusted"]


def test_a_broken_promise_is_a_miss():
    broken = replace(record("a"), confirm_drop=drop(0.05, n=200))
    (miss,) = nearest_misses([broken], ONE_POINT)
    assert miss.why == "it loses 5.0 points on the 200 held-out samples, and 1.0 points are allowed"
    assert choose.qualifying([broken], ONE_POINT) == []


def sliced(lost, n=40, part="confirm"):
    """A column of which one value loses so much, and a worse one is too small to matter."""
    effects = [
        SliceEffect(value="7", n=9, source=None, score=None, drop=drop(0.9, n=9)),
        SliceEffect(value="3", n=n, source=None, score=None, drop=drop(lost, n=n)),
    ]
    return (Slices(by="class", part=part, count=2, worst=tuple(effects)),)


@pytest.mark.parametrize(
    ("field", "part", "lost", "says"),
    [
        ("confirm_slices", "confirm", 0.2, "class 3 loses 20.0 points on its 40 held-out samples"),
        ("slices", "choose", 0.2, "class 3 loses 20.0 points on its 40 choosing samples"),
        ("slices", "choose", math.nan, "class 3 loses nan"),
        ("slices", "choose", 0.05, None),
    ],
)
def test_the_worst_slice_that_is_large_enough_is_held_to_its_limit(field, part, lost, says):
    one = record(**{field: sliced(lost, part=part)})
    assert misses(one, ONE_POINT) == []  # nothing is asked of slices
    found = misses(one, replace(ONE_POINT, max_slice_drop=0.05))
    assert len(found) == (says is not None)
    assert says is None or (says in found[0] and "and a slice may lose 5" in found[0])


def test_slices_without_a_figure_or_too_small_reject_nobody():
    limits = replace(ONE_POINT, max_slice_drop=0.0)
    assert misses(record(slices=sliced(0.5, n=9)), limits) == []
    lost = SliceEffect(value="1", n=50, source=None, score=None, drop=None, why_null="one class")
    only = Slices(by="site", part="choose", count=1, worst=(lost,))
    assert misses(record(slices=(only,)), limits) == []


def test_records_of_two_schedules_are_ordered_by_their_ratio_to_what_ran_in_both():
    """The machine was half as fast in the second; by p50 alone the slower one would win."""
    base = record("base", p50=4.0)
    first = record("first", p50=2.0, ratio=2.0)
    second = record("second", p50=3.0, ratio=2.7)
    assert names(ranked([base, first, second])) == ["first", "second", "base"]
    assert names(ranked([base, first, second], "base")) == ["second", "first", "base"]
    unknown = record("unknown", p50=1.0)
    assert names(ranked([base, first, unknown], "base"))[0] == "unknown"
