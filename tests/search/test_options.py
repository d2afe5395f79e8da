"""Which settings are tried on a candidate."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from edgeopt import convert, runtimes
from edgeopt.domain.latency import Verdict
from edgeopt.domain.recipe import Recipe
from edgeopt.harness.budget import BUDGETS
from edgeopt.search.options import EFFORTS, MOST_WON, can_tell, leading, variants
from edgeopt.stats import launches
from edgeopt.stats.verdict import compare
from tests.search.test_choose import latency, record

RUNTIMES = sorted(convert.CONVERTERS)
AMX = ("amx_bf16", "amx_int8")


def settings(recipe, features=(), cores=4, most=9):
    return [one.settings for one in variants(recipe, features, cores, most)]


@pytest.mark.parametrize(
    ("recipe", "features", "expected"),
    [
        (
            Recipe(runtime="onnxruntime", precision="fp32", threads=2),
            (),
            [("spinning=during-run",), ("graph_optimization=extended",), ("affinity=fastest",)],
        ),
        (
            Recipe(runtime="onnxruntime", precision="fp32"),  # one thread waits for none
            (),
            [("graph_optimization=extended",), ("affinity=fastest",)],
        ),
        (
            Recipe(runtime="onnxruntime", precision="fp32", threads=4),  # no core to spare
            (),
            [("spinning=during-run",), ("graph_optimization=extended",)],
        ),
        (
            Recipe(runtime="openvino", precision="int8-static",
                   options={"INFERENCE_PRECISION_HINT": "f32"}, threads=4),
            AMX,
            [
                ("INFERENCE_PRECISION_HINT=bf16",),
                ("ENABLE_CPU_PINNING=NO", "INFERENCE_PRECISION_HINT=f32"),
            ],
        ),
        (
            Recipe(runtime="openvino", precision="fp32",
                   options={"INFERENCE_PRECISION_HINT": "f32"}, threads=4),
            AMX,  # fp32 that is run in bf16 is not fp32
            [("ENABLE_CPU_PINNING=NO", "INFERENCE_PRECISION_HINT=f32")],
        ),
        (Recipe(runtime="litert", precision="fp32", threads=4), (), [("xnnpack=latest",)]),
    ],
)  # fmt: skip
def test_what_is_tried(recipe, features, expected):
    assert settings(recipe, features) == expected


@pytest.mark.slow
@pytest.mark.parametrize("runtime", RUNTIMES)
@given(
    threads=st.integers(1, 8),
    cores=st.integers(1, 8),
    most=st.integers(0, 5),
    features=st.sets(st.sampled_from([*AMX, "asimdhp", "avx512_fp16"])),
)
def test_variants_are_others_of_the_same_artifact(runtime, threads, cores, most, features):
    recipe = Recipe(runtime=runtime, precision="int8-static", threads=threads)
    found = variants(recipe, features, cores, most)
    assert len(found) <= most
    assert len({one.id for one in [recipe, *found]}) == len(found) + 1
    for one in found:
        assert one.conversion_id == recipe.conversion_id
        assert replace(one, options={}, affinity="any") == recipe


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_every_set_says_what_may_be_won_and_changes_something(runtime):
    for one in runtimes.spec(runtime).option_sets:
        assert one.why
        assert one.options or one.affinity != "any"


def test_every_final_schedule_has_its_effort():
    assert set(EFFORTS) == {name for name, one in BUDGETS.items() if one.stage == "final"}


def queued(runtime, ratio, low, high):
    over = Verdict(
        word="FASTER",
        ratio=ratio,
        low=low,
        high=high,
        over="base",
        pairs=9,
        launches=1,
        margin=0.02,
    )
    return record(runtime, runtime=runtime, versus_baseline=over)


def test_what_a_screening_does_not_tell_from_its_first_is_a_leading_one_too():
    first, twin = queued("openvino", 3.9, 1.1, 14.2), queued("openvino", 3.8, 1.0, 12)
    open_, third = queued("litert", 3.7, 1.4, 8.1), queued("mnn", 3.6, 1.0, 9)
    far = queued("litert", 0.9, 0.8, 1.05)
    assert leading([first, twin, open_, third], 1) == [first, open_]
    assert leading([first, twin, far], 1) == [first]
    assert leading([first, open_, third], 3) == [first, open_, third]
    assert leading([], 1) == []


def test_what_no_setting_brings_near_the_first_gets_none():
    def timed(runtime, ratio, low, high, p50):
        return replace(queued(runtime, ratio, low, high), latency_ms=latency(p50))

    first, near = timed("litert", 3.2, 3.0, 3.4, 2.0), timed("mnn", 1.6, 1.5, 1.7, 4.0)
    far, unclear = timed("openvino", 1.0, 0.9, 1.1, 6.4), timed("openvino", 1.0, 0.3, 3.3, 6.4)
    assert leading([first, near, far], 3) == [first, near]
    assert leading([first, near, unclear], 3) == [first, near, unclear]
    assert leading([far, first], 2) == [far, first]  # where something else than time is aimed at


def test_the_baseline_itself_may_lead_or_come_near():
    base = record("onnxruntime", runtime="onnxruntime")
    assert leading([queued("litert", 1.1, 0.9, 1.3), base], 1)[1:] == [base]
    assert leading([queued("litert", 1.5, 1.2, 1.9), base], 1)[1:] == []
    assert leading([base, queued("litert", 0.9, 0.7, 1.1)], 1)[1:] != []


@pytest.mark.parametrize(
    ("p50_ms", "told"), [(0.0, False), (0.002, False), (0.004, False), (0.02, True), (5.0, True)]
)
def test_what_is_too_fast_for_its_settings_to_be_told(p50_ms, told):
    assert can_tell(p50_ms, BUDGETS["closer"].looks, 7) == told


@given(st.floats(1e-4, 10.0), st.integers(2, 12))
def test_more_launches_tell_more_and_more_settings_less(p50_ms, measured):
    assert can_tell(p50_ms, (3, 6), measured) <= can_tell(p50_ms, (3, 12), measured)
    assert can_tell(p50_ms, (3, 6), measured + 1) <= can_tell(p50_ms, (3, 6), measured)


@pytest.mark.parametrize("measured", [3, pytest.param(7, marks=pytest.mark.slow)])
def test_it_tells_of_what_its_verdict_would_call_faster_where_launches_agree(measured):
    """The least p50 of which it says so, and a little less: the verdict itself is the judge."""
    looks = BUDGETS["closer"].looks

    def word(p50_ms):
        pairs = [np.full(4, math.log(MOST_WON))] * looks[-1]
        sd = launches.ratio_sd(p50_ms * 1e6 / MOST_WON, p50_ms * 1e6)
        return compare(pairs, looks=len(looks), candidates=measured - 1, launch_sd=sd)[0]

    times = np.geomspace(1e-3, 0.1, 200)
    told = [can_tell(p50_ms, looks, measured) for p50_ms in times]
    assert told == [word(p50_ms) == "FASTER" for p50_ms in times]
    assert not told[0]
    assert told[-1]
