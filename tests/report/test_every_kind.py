"""Every kind of a reason has words: a new one that is forgotten shows here."""

import math
from typing import get_args, get_type_hints

import pytest

from edgeopt.attribution.reasons import Reason, ReasonKind
from edgeopt.domain.latency import Verdict
from edgeopt.domain.obstacle import Obstacle, ObstacleKind
from edgeopt.domain.shortfall import Shortfall, ShortfallKind, Subset
from edgeopt.domain.untimed import Untimed, UntimedKind
from edgeopt.report import (
    explain_words,
    obstacle_words,
    shortfall_words,
    step_words,
    untimed_words,
)
from edgeopt.search.ladder import StepOutcome

SUBSET = Subset(part="confirm", n=40, column="class", value="3")
VERDICT = Verdict(
    word="FASTER", ratio=1.5, low=1.4, high=1.6, over="x", pairs=9, launches=3, margin=0.02
)


@pytest.mark.parametrize("kind", get_args(ShortfallKind))
def test_shortfalls(kind):
    one = Shortfall(kind=kind, got=2.0, allowed=1.0, where=SUBSET, spoiled=("throttling",))
    assert shortfall_words.clause(one)


@pytest.mark.parametrize("kind", get_args(UntimedKind))
def test_reasons_for_no_latency(kind):
    assert "$" not in untimed_words.sentence(Untimed(kind=kind, subject="pi", detail="why"))


@pytest.mark.parametrize("kind", get_args(ObstacleKind))
def test_obstacles(kind):
    names = {"runtime": "litert", "precision": "fp16", "names": ("a", "b"), "gpu": "G"}
    assert obstacle_words.reason(Obstacle(kind=kind, detail="said", **names))


@pytest.mark.parametrize("kind", get_args(get_type_hints(StepOutcome)["kind"]))
def test_outcomes_of_steps(kind):
    outcome = StepOutcome(kind, drop=0.01, before=0.02, verdict=VERDICT, reason="it crashed")
    said = step_words.why(outcome)
    assert said
    assert "0.01" not in said


@pytest.mark.parametrize(
    ("drop", "relative", "said"),
    [
        (0.0031, False, "it loses 0.3 points, more than allowed"),
        (0.0031, True, "it loses 0.3 %, more than allowed"),
        (-0.0031, False, "it gains 0.3 points, more than allowed"),
        (0.0, False, "it loses nothing, more than allowed"),
    ],
)
def test_what_a_step_loses_is_in_points_or_percent(drop, relative, said):
    assert step_words.why(StepOutcome("lossy", drop=drop, relative=relative)) == said


@pytest.mark.parametrize(
    ("before", "said"),
    [(0.02, "which loses 2.0 points"), (math.inf, "which has a loss that is not known")],
)
def test_what_a_training_started_from_is_told_alike(before, said):
    assert step_words.why(StepOutcome("less-lossy", drop=0.01, before=before)) == (
        f"it loses 1.0 points; less than without it, {said}"
    )


@pytest.mark.parametrize("kind", get_args(ReasonKind))
def test_reasons_of_a_difference(kind):
    assert explain_words.part(Reason(kind, 2.0, 1.0, 3, 3))
