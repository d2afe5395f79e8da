"""Which settings are tried on a candidate."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from edgeopt import convert, runtimes
from edgeopt.domain.recipe import Recipe
from edgeopt.harness.budget import BUDGETS
from edgeopt.search.options import EFFORTS, variants

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
