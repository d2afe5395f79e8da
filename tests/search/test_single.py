"""The best artifact for several targets, on made-up records."""

import math

import pytest
from msgspec.structs import replace

from edgeopt.domain.recipe import Recipe
from edgeopt.domain.record import Executed
from edgeopt.report import single_words
from edgeopt.search.single import NoSingle, best_single
from tests.search.test_choose import ONE_POINT, drop, latency, record, verdict

BASE = Recipe(runtime="onnxruntime", precision="fp32")
FP16 = Recipe(runtime="openvino", precision="fp16")
INT8 = Recipe(runtime="litert", precision="int8-static")
BASES = {"a": BASE.id, "b": BASE.id}


def timed(recipe, ratio, lost=0.0, **changes):
    """Measured, so many times as fast as the baseline of its target."""
    fields = {
        "runtime": recipe.runtime, "precision": recipe.precision, "recipe": recipe,
        "recipe_id": recipe.id, "kind": "measured", "artifact": f"artifacts/{recipe.runtime}",
    }  # fmt: skip
    made = record(lost=lost, p50=10 / ratio, ratio=ratio, **{**fields, **changes})
    return replace(made, versus_baseline=None) if recipe == BASE else made


def scored(recipe, lost=0.0, **changes):
    """Not timed: no device of its target is at hand."""
    return replace(timed(recipe, 1.0, lost), kind=None, latency_ms=None, versus_baseline=None,
                   **changes)  # fmt: skip


def using(record, memory):
    """The same with so many bytes of memory."""
    ran = Executed(
        runtime_version="1", precision="fp32", threads=1, options={}, load_ms=1.0,
        first_infer_ms=1.0, peak_rss_bytes=1, why_null={}, memory_bytes=memory,
    )  # fmt: skip
    return replace(record, executed=ran)


def found(**targets):
    baselines = dict.fromkeys(targets, BASE.id)
    return single_words.in_words(best_single(targets, baselines, ONE_POINT))


def test_the_least_geometric_mean_of_what_qualifies_everywhere():
    one = found(
        pi=[timed(BASE, 1.0), timed(FP16, 1.5), timed(INT8, 3.0)],
        intel=[timed(BASE, 1.0), timed(FP16, 4.0), timed(INT8, 2.0)],
    )
    # fp16: 3/1.5 and 4/4 -> sqrt(2); int8: 3/3 and 4/2 -> sqrt(2)... the base: sqrt(3 * 4)
    assert one.times == pytest.approx(math.sqrt(2))
    assert one.measured == ("pi", "intel")
    faster = found(
        pi=[timed(BASE, 1.0), timed(FP16, 1.5), timed(INT8, 3.0)],
        intel=[timed(BASE, 1.0), timed(FP16, 4.0), timed(INT8, 2.1)],
    )
    assert faster.artifact == INT8.conversion_id
    assert [(s.target, s.times) for s in faster.shares] == [
        ("pi", 1.0),
        ("intel", pytest.approx(4 / 2.1)),
    ]
    assert faster.path == "artifacts/litert"
    assert "takes on average 1.38 times as long as each target's best (pi, intel)." in faster.why


def test_one_that_misses_a_limit_anywhere_is_out_though_it_is_the_fastest():
    one = found(
        pi=[timed(BASE, 1.0), timed(FP16, 1.5), timed(INT8, 3.0, lost=0.02)],
        intel=[timed(BASE, 1.0), timed(FP16, 4.0), timed(INT8, 9.0)],
    )
    assert one.artifact == FP16.conversion_id
    # int8 qualifies on intel, so it is the best there; on the Pi it is no measure.
    assert [share.times for share in one.shares] == [1.0, pytest.approx(9 / 4)]


def test_threads_and_options_may_differ_from_target_to_target():
    four, two = FP16.with_threads(4), FP16.with_threads(2)
    f32 = replace(two, options={"INFERENCE_PRECISION_HINT": "f32"})
    one = found(
        pi=[timed(BASE, 1.0), timed(four, 2.0), timed(two, 3.0)],
        intel=[timed(BASE, 1.0), timed(four, 3.0), timed(two, 2.0), timed(f32, 2.5)],
    )
    assert [share.recipe_id for share in one.shares] == [two.id, four.id]
    assert one.times == pytest.approx(1.0)
    assert one.why.endswith("qualifies on every target, and is the fastest on pi, intel.")


def test_a_target_that_was_not_measured_has_a_say_by_its_score_alone():
    measured = [timed(BASE, 1.0), timed(FP16, 1.5), timed(INT8, 3.0)]
    one = found(pi=measured, phone=[scored(BASE), scored(FP16), scored(INT8, lost=0.5)])
    assert one.artifact == FP16.conversion_id
    assert (one.measured, one.others) == (("pi",), ("phone",))
    assert [share.times for share in one.shares] == [pytest.approx(2.0), None]
    assert "takes 2.00 times as long as the best one on pi. Nothing was timed on phone" in one.why


def test_what_was_emulated_is_no_latency():
    emulated = replace(timed(INT8, 9.0), kind="emulated")
    one = found(pi=[timed(BASE, 1.0), timed(INT8, 2.0)], phone=[scored(BASE), emulated])
    assert one.measured == ("pi",)
    assert one.shares[1].times is None


def test_latencies_of_different_schedules_meet_at_their_baseline():
    """The finalist ran again in a slower hour: p50 alone would make it the slower one."""
    screened = timed(FP16, 1.8)
    again = replace(timed(INT8, 2.0), latency_ms=latency(50.0))
    assert found(pi=[timed(BASE, 1.0), screened, again]).artifact == INT8.conversion_id
    without = replace(again, versus_baseline=None)
    one = found(pi=[timed(BASE, 1.0), screened, without])
    assert one.artifact == FP16.conversion_id


def test_where_there_is_none_it_is_said_why():
    nothing = found(pi=[scored(BASE)], phone=[scored(BASE)])
    assert (nothing.artifact, nothing.times) == (None, None)
    assert "nothing was measured" in nothing.why
    apart = found(
        pi=[timed(BASE, 1.0, lost=0.5), timed(FP16, 2.0), timed(INT8, 2.0)],
        intel=[timed(BASE, 1.0, lost=0.5), timed(FP16, 2.0, lost=0.5), timed(INT8, 1.0, lost=0.5)],
    )
    assert apart.artifact is None
    assert "openvino fp16 comes nearest and does not on intel" in apart.why
    failed = replace(timed(BASE, 1.0), status="failed-run", latency_ms=None, drop=drop(0.0))
    assert "no artifact qualifies on any target" in found(pi=[failed, timed(FP16, 1, 0.5)]).why


def test_spoiled_figures_choose_nothing():
    spoiled = replace(
        timed(INT8, 3.0),
        latency_ms=replace(latency(1.0), spoiled=("throttling: under-voltage",)),
        versus_baseline=verdict(3.0),
    )
    one = found(pi=[timed(BASE, 1.0), spoiled])
    assert one.artifact == BASE.conversion_id


def test_what_is_lacking_is_a_value():
    targets = {
        "pi": [timed(BASE, 1.0, lost=0.5), timed(FP16, 2.0)],
        "intel": [timed(BASE, 1.0), timed(FP16, 2.0, lost=0.5)],
        "phone": [scored(BASE), scored(FP16, lost=0.5)],
    }
    baselines = dict.fromkeys(targets, BASE.id)
    assert best_single(targets, baselines, ONE_POINT) == NoSingle(
        ("pi", "intel"), nearest=targets["pi"][0], lacking=("pi",)
    )


@pytest.mark.parametrize(
    ("aim", "why"),
    [
        ("latency", "litert int8-static: qualifies on every target, and is the fastest on a, b."),
        ("size", "openvino fp16: qualifies on every target, and is the smallest on a, b."),
        ("memory", "is the one with the least memory on a, b."),
        ("energy", "litert int8-static: qualifies on every target, and is the fastest on a, b."),
    ],
)
def test_it_is_the_best_in_what_the_run_aims_at(aim, why):
    """Nothing has an energy, so that the time decides there."""
    here = [
        using(timed(BASE, 1.0, size_bytes=300), 30),
        using(timed(FP16, 1.5, size_bytes=100), 20),
        using(timed(INT8, 3.0, size_bytes=200), 25),
    ]
    one = single_words.in_words(best_single({"a": here, "b": here}, BASES, ONE_POINT, aim))
    assert one.why.endswith(why)
    assert one.aim == ("latency" if aim == "energy" else aim)


def test_what_is_not_the_best_on_each_target_says_by_how_much():
    small, large = (timed(recipe, 1.0, size_bytes=100) for recipe in (FP16, INT8))
    other = [replace(small, size_bytes=400), large]
    targets = {"a": [small, replace(large, size_bytes=300)], "b": other}
    one = single_words.in_words(best_single(targets, BASES, ONE_POINT, "size"))
    assert "has on average 1.73 times the size of each target's best (a, b)." in one.why
    phone = {"phone": [scored(FP16, size_bytes=100), scored(INT8, size_bytes=200)]}
    one = single_words.in_words(best_single(phone, {}, ONE_POINT, "size"))
    assert one.why == "openvino fp16: qualifies on every target, and is the smallest on phone."
