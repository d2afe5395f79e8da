"""Which int8 forms are refined."""

import math

import pytest
from msgspec.structs import replace

from edgeopt.domain.compression import Prune
from edgeopt.domain.effects import SliceEffect, Slices
from edgeopt.domain.latency import Latency
from edgeopt.domain.recipe import Quantization, Recipe
from edgeopt.domain.record import Executed, Parity, Record
from edgeopt.domain.run import Constraints
from edgeopt.domain.score import Drop
from edgeopt.search.alternatives import other_integers
from edgeopt.search.worth import chances, lost

LIMITS = Constraints(max_drop=0.01)


def made(runtime, precision, p50, lost, **changes):
    recipe = Recipe(runtime=runtime, precision=precision, threads=2)
    fields = {
        "target": "here", "device": "local", "runtime": runtime, "precision": precision,
        "recipe_id": f"{runtime} {precision}", "recipe": recipe, "status": "ok", "step": None,
        "size_bytes": 100,
        "drop": Drop(value=lost, low=lost, high=lost, interval="", n=100, resolved=True),
        "latency_ms": Latency(
            p50=p50, p50_low=p50, p50_high=p50, p90=None, n=9, launches=1, stage="screen"
        ),
    }  # fmt: skip
    return Record(**{**fields, **changes})


INT8 = made("litert", "int8-static", 3.0, 0.05)
FP32 = made("litert", "fp32", 6.0, 0.0)


def runtimes(records, limits=LIMITS):
    return [(chance.plain.runtime, chance.limit_ms) for chance in chances(records, limits)]


def test_fast_and_lossy_is_worth_it():
    assert runtimes([INT8, FP32]) == [("litert", 6.0)]


def refused(record, **changes):
    """As a form whose answers are constant ends."""
    parity = Parity(sqnr_db=0.3, max_abs=1.0, n=64, required_db=0.0, worst="y", output="y")
    ran = Executed(
        runtime_version="1", precision="int8", threads=2, options={}, load_ms=1.0,
        first_infer_ms=1.0, peak_rss_bytes=1, why_null={},
    )  # fmt: skip
    ended = {"status": "failed-parity", "step": "parity", "drop": None, "parity": parity}
    return replace(record, **{**ended, "executed": ran, **changes})


def test_what_was_refused_for_its_answers_alone_is_worth_it():
    assert runtimes([refused(INT8), FP32]) == [("litert", 6.0)]
    assert runtimes([refused(INT8, parity=None), FP32]) == []  # made from a wrong form, say
    assert runtimes([refused(INT8, latency_ms=None), FP32]) == []
    assert lost(INT8) < lost(refused(INT8)) < lost(refused(INT8, parity=None))


def test_what_qualifies_is_not_refined():
    assert runtimes([replace(INT8, drop=replace(INT8.drop, value=0.01)), FP32]) == []


def test_what_qualifies_elsewhere_is_the_limit():
    half = made("openvino", "bf16", 3.5, 0.0)
    assert runtimes([INT8, FP32, half]) == [("litert", 3.5)]
    faster = made("openvino", "bf16", 2.9, 0.0)
    assert runtimes([INT8, FP32, faster]) == []


def test_what_is_hardly_faster_than_its_fp32_has_nothing_to_give():
    assert runtimes([INT8, replace(FP32, latency_ms=replace(FP32.latency_ms, p50=3.2))]) == []


@pytest.mark.parametrize(
    "other",
    [
        {"limits": Constraints(max_drop=0.01, max_size_bytes=50)},
        {"limits": Constraints(max_drop=0.01, max_latency_ms=2.0)},
    ],
)
def test_only_the_drop_is_in_the_way(other):
    assert runtimes([INT8, FP32], **other) == []


def column(lost):
    """A column of the data whose worst slice loses so much."""
    drop = Drop(value=lost, low=lost, high=lost, interval="", n=50, resolved=True)
    worst = SliceEffect(value="night", n=50, source=None, score=None, drop=drop)
    return (Slices(by="light", part="choose", count=2, worst=(worst,)),)


@pytest.mark.parametrize(
    ("lost", "on_a_slice", "worth_it"),
    [
        (0.05, 0.09, True),  # too much in all, so on a slice as well
        (0.05, 0.01, True),
        (0.005, 0.09, True),  # a slice alone loses too much: that is a loss, too
        (0.005, 0.01, False),
        (math.nan, 0.09, False),  # no loss that is known
    ],
)
def test_what_a_slice_loses_is_loss_as_well(lost, on_a_slice, worth_it):
    lossy = made("litert", "int8-static", 3.0, lost, slices=column(on_a_slice))
    limits = Constraints(max_drop=0.01, max_slice_drop=0.02)
    assert bool(chances([lossy, FP32], limits)) == worth_it


@pytest.mark.parametrize(
    "other",
    [
        {"max_size_bytes": 50},
        {"max_latency_ms": 2.0},
        {"max_size_bytes": 50, "max_latency_ms": 2.0},
    ],
)
def test_a_slice_does_not_hide_what_else_is_in_the_way(other):
    lossy = made("litert", "int8-static", 3.0, 0.05, slices=column(0.09))
    assert chances([lossy, FP32], Constraints(max_drop=0.01, max_slice_drop=0.02, **other)) == []


def test_the_fastest_runtime_comes_first():
    other = made("onnxruntime", "int8-static", 2.5, 0.09)
    failed = made("openvino", "int8-static", 1.0, 0.09, status="failed-run")
    untimed = made("tensorflow", "int8-static", 1.0, 0.09, latency_ms=None)
    found = runtimes([INT8, FP32, other, failed, untimed])
    assert [runtime for runtime, _ in found] == ["onnxruntime", "litert"]


def pruned(record, p50, lost=None):
    """The same of a pruned model."""
    lost = record.drop.value if lost is None else lost
    return replace(
        record,
        recipe_id=f"{record.recipe_id} pruned",
        recipe=replace(record.recipe, compression=(Prune(share=0.5),)),
        latency_ms=replace(record.latency_ms, p50=p50),
        drop=replace(record.drop, value=lost),
    )


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        # Each has its own fp32, and the fastest that qualifies limits both.
        ([INT8, FP32, pruned(INT8, 1.0), pruned(FP32, 2.0)], [(1.0, 2.0)]),
        ([INT8, FP32, pruned(INT8, 1.0), pruned(FP32, 4.0)], [(1.0, 4.0), (3.0, 4.0)]),
        ([INT8, FP32, pruned(INT8, 1.0), pruned(FP32, 2.0, 0.9)], [(1.0, 2.0), (3.0, 6.0)]),
        ([INT8, FP32, pruned(INT8, 1.0, 0.0)], []),  # it holds, and is faster
        ([INT8, FP32, pruned(INT8, 1.0), pruned(FP32, 1.05)], []),  # nothing to give away
    ],
)
def test_a_compressed_model_is_one_of_its_own(records, expected):
    found = chances(records, LIMITS)
    assert [(chance.plain.latency_ms.p50, chance.limit_ms) for chance in found] == expected


@pytest.mark.parametrize("library", ["nncf", "onnxruntime", "ai-edge-quantizer", "tensorflow"])
def test_alternatives_differ_from_what_was_tried(library):
    first = Quantization(library=library, calibration="min-max")
    found = other_integers(first)
    assert found
    assert first not in found
    assert len(set(found)) == len(found)


def with_tail(record, p50, lost, **changes):
    """The same with its tail in float."""
    how = Quantization(library="ai-edge-quantizer", calibration="min-max", tail="float")
    recipe = replace(record.recipe, quantization=how)
    drop = replace(record.drop, value=lost, low=lost, high=lost)
    latency = replace(record.latency_ms, p50=p50)
    return replace(
        record, recipe_id=recipe.id, recipe=recipe, drop=drop, latency_ms=latency, **changes
    )


def forms(records):
    return [chance.plain.latency_ms.p50 for chance in chances(records, LIMITS)]


@pytest.mark.parametrize(
    ("split", "expected"),
    [
        (with_tail(INT8, 3.1, 0.02), [3.1]),  # what loses less is what is made better
        (with_tail(INT8, 3.1, 0.0), []),  # it keeps what was asked: nothing is to be mended
        (with_tail(INT8, 5.9, 0.02), [3.0]),  # too slow to give anything away
        (with_tail(INT8, 3.1, 0.02, status="failed-run"), [3.0]),
        (refused(with_tail(INT8, 3.1, 0.02)), [3.1]),
    ],
)
def test_a_tail_in_float_is_refined_first(split, expected):
    assert forms([INT8, FP32, split]) == expected
