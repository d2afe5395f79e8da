"""When a fallen finalist sends the search on to more careful forms."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from edgeopt.domain.layers import Refinement
from edgeopt.domain.run import Constraints
from edgeopt.pipeline.state import State
from edgeopt.pipeline.steps.refine_fallen import RefineFallen
from tests.search.test_worth import FP32, INT8, made

DYNAMIC = made("litert", "int8-dynamic", 2.5, 0.004)
LOST = replace(DYNAMIC.drop, value=0.02)
STATIC = made("openvino", "int8-static", 3.0, 0.06)
FLOAT = made("openvino", "fp32", 8.0, 0.0)


def why(fallen, *others, **fields):
    state = State(
        Constraints(max_drop=0.01), records=(fallen, *others), fallen=fallen.key, **fields
    )
    skip = RefineFallen().why_skipped(None, state)
    return skip.reason if skip else ""


def test_static_integers_that_fell_are_refined():
    assert why(replace(INT8, confirm_drop=LOST), FP32) == ""


def test_static_integers_that_waited_behind_a_faster_form_are_refined_when_it_falls():
    fell = replace(DYNAMIC, confirm_drop=LOST)
    assert why(fell, STATIC, FLOAT) == ""
    done = Refinement(
        runtime="openvino", form=STATIC.name, recipe_id=str(STATIC.recipe_id), result=None,
        steps=(),
    )  # fmt: skip
    assert "held no other one back" in why(fell, STATIC, FLOAT, refinements=(done,))


@pytest.mark.parametrize(
    "others",
    [(FLOAT,), (replace(STATIC, latency_ms=made("a", "fp32", 7.9, 0.0).latency_ms), FLOAT)],
)
def test_nothing_waited_that_is_fast(others):
    assert "held no other one back" in why(replace(DYNAMIC, confirm_drop=LOST), *others)


def test_floats_that_fell_send_nothing_on():
    fell = replace(made("openvino", "bf16", 2.0, 0.0), confirm_drop=LOST)
    assert why(fell, STATIC, FLOAT) == "bf16 has no more careful forms"
