"""What of a journal holds where only the limits are others."""

import pytest
from msgspec.structs import replace

from edgeopt.domain.effects import Slices
from edgeopt.domain.latency import Latency
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.record import Record
from edgeopt.domain.run import Constraints
from edgeopt.domain.score import Drop, Score
from edgeopt.domain.space_asked import SpaceAsked
from edgeopt.domain.untimed import Untimed
from edgeopt.report import untimed_words
from edgeopt.store.limits import NOT_AGAIN, differs_in_limits, under_other_limits
from tests.store.test_run_folder import request

DROP = Drop(value=0.01, low=0.004, high=0.016, interval="Wilson", n=500, resolved=False)
SCORE = Score(metric="accuracy", value=0.9, low=0.8, high=1.0, interval="", n=500, part="choose")
RECIPE = Recipe(runtime="litert", precision="fp16")
SCORED = Record(
    target="here", device="local", runtime="litert", precision="fp16", recipe_id=RECIPE.id,
    recipe=RECIPE, status="ok", step=None, drop=DROP, score=SCORE,
    latency_reason="not measured yet", untimed=Untimed(kind="not-yet"),
)  # fmt: skip
LATENCY = Latency(p50=1.0, p50_low=1.0, p50_high=1.0, p90=None, n=9, launches=1, stage="final")
TIMED = replace(SCORED, latency_ms=LATENCY, latency_reason="", untimed=None, kind="measured")
SLICES = (Slices(by="class", part="choose", count=0, worst=()),)


@pytest.mark.parametrize(
    "later",
    [
        TIMED,
        replace(TIMED, confirm_drop=DROP, confirm_score=SCORE),
        replace(SCORED, latency_reason="taken back: it loses 0.3, more than allowed"),
        replace(SCORED, status="failed-run", step="measure", reason="it crashed"),
    ],
)
def test_what_was_decided_goes_and_what_was_scored_stays(later):
    limits = Constraints(max_drop=0.01)
    [found] = under_other_limits([SCORED, later], limits, untimed_words.sentence)
    words = "not timed: with these limits it was not needed"
    assert found == replace(SCORED, untimed=NOT_AGAIN, latency_reason=words)


def test_why_it_was_not_timed_stays_where_that_was_no_matter_of_waiting():
    nowhere = Untimed(kind="no-device", subject="raspberry-pi-5")
    asked = replace(SCORED, untimed=nowhere, latency_reason="not measured yet")  # whatever it says
    [found] = under_other_limits([asked], Constraints())
    assert found.untimed == nowhere


@pytest.mark.parametrize(
    ("max_drop", "resolved"), [(0.003, True), (0.004, False), (0.016, False), (0.02, True)]
)
def test_an_interval_is_held_against_the_new_limit(max_drop, resolved):
    [found] = under_other_limits([SCORED], Constraints(max_drop=max_drop))
    assert found.drop == replace(DROP, resolved=resolved)


def test_one_group_never_settles_anything():
    alone = replace(SCORED, score=replace(SCORE, groups=1))
    [found] = under_other_limits([alone], Constraints(max_drop=0.5))
    assert not found.drop.resolved


@pytest.mark.parametrize(
    ("record", "limits"),
    [
        (replace(SCORED, drop=replace(DROP, relative=0.1)), Constraints(max_drop=0.02)),
        (replace(SCORED, slices=SLICES), Constraints(max_drop=0.02)),
        (SCORED, Constraints(max_slice_drop=0.1)),
    ],
    ids=["an error", "slices before", "slices now"],
)
def test_what_needs_the_answers_is_scored_again(record, limits):
    assert under_other_limits([record], limits) == []


def test_what_was_tried_again_after_its_time_limit_counts():
    late = replace(SCORED, status="timeout", step="convert", drop=None, latency_reason="")
    [found] = under_other_limits([late, SCORED, TIMED], Constraints())
    assert found.status == "ok"
    assert found.latency_ms is None


def test_what_has_no_score_stays_with_its_reason():
    why = Untimed(kind="other", detail="x")
    failed = replace(
        SCORED, status="failed-convert", drop=None, reason="no", untimed=why, latency_reason="x"
    )
    assert under_other_limits([failed], Constraints(max_slice_drop=0.1)) == [failed]


OUTSIDE = SpaceAsked(runtimes=("openvino",))
INSIDE = SpaceAsked(runtimes=("litert",), threads=(1, 4))
LEFT_OUT = replace(
    SCORED, recipe=None, recipe_id=None, status="skipped", step="space", drop=None, untimed=None
)


@pytest.mark.parametrize(
    ("space", "stays"),
    [
        (None, True),
        (INSIDE, True),
        (OUTSIDE, False),
        (SpaceAsked(precisions=("fp16",)), True),
        (SpaceAsked(without=("fp16",)), False),
        (SpaceAsked(threads=(4,)), False),
    ],
)
def test_other_bounds_keep_what_is_within(space, stays):
    found = under_other_limits([SCORED, TIMED], Constraints(space=space))
    assert [record.recipe_id for record in found] == [RECIPE.id] * stays


def test_what_was_left_out_is_looked_at_anew():
    assert under_other_limits([LEFT_OUT], Constraints()) == []


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({"aim": "size"}, True),
        ({"constraints": Constraints(space=OUTSIDE)}, True),
        ({"constraints": Constraints(max_p90_ms=3.0), "aim": "p90"}, True),
        ({"aim": "size", "seed": 4}, False),
        ({"batches": (4,), "aim": "throughput"}, False),
        ({}, False),
    ],
)
def test_another_aim_or_other_bounds_are_other_limits(changes, same):
    earlier = request()
    assert differs_in_limits(earlier, replace(earlier, **changes)) is same
