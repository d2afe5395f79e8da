"""Steps from outside the package: a run takes the tuple that it is given; nothing is patched."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from edgeopt.domain.obstacle import said
from edgeopt.domain.recipe import LeftOut
from edgeopt.domain.run import Constraints
from edgeopt.domain.space_asked import SpaceAsked
from edgeopt.pipeline.call import Call
from edgeopt.pipeline.optimize import BY_MEASUREMENT, optimize
from edgeopt.pipeline.record_ends import skipped
from edgeopt.pipeline.step import Repeat, Skip
from edgeopt.pipeline.steps.confirm import Confirm
from edgeopt.pipeline.steps.final import Final
from edgeopt.pipeline.steps.make_and_score import MakeAndScore
from edgeopt.pipeline.steps.screen import Screen
from tests.pipeline.cli_process import HERE

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class UntilTheFrontRests:
    """A search of its own: the last recipe first, until so many in a row moved no front.

    Attributes:
        patience: candidates in a row that are no better in size or in what they lose.
    """

    patience: int

    def why_skipped(self, run, state):
        return None if state.untried else Skip("nothing is left to try")

    def advance(self, run, state):
        rested = 0
        while state.untried and rested < self.patience:
            before, (*others, last) = front(state), state.untried
            state = MakeAndScore().advance(run, replace(state, untried=(last,)))
            state = replace(state, untried=tuple(others))
            rested = rested + 1 if front(state) == before else 0
        why = f"the front has not moved for {self.patience}"
        rest = (
            LeftOut(runtime=recipe.runtime, precision=recipe.precision, why=said(why))
            for recipe in state.untried
        )
        run.recorder.keep(skipped(run.target, left) for left in rest)
        return replace(state, untried=())


def front(state):
    """Sizes and drops that no other candidate beats on both."""
    points = {(r.size_bytes, r.drop.judged) for r in state.qualifying}
    return {
        (size, drop)
        for size, drop in points
        if not any(s <= size and d <= drop and (s, d) != (size, drop) for s, d in points)
    }


@pytest.fixture
def call(tiny_onnx, tmp_path, short_schedules):
    return Call(
        model=tiny_onnx / "tiny.onnx",
        targets=(str(HERE / "three-runtimes.toml"),),
        data=tiny_onnx / "tiny.npz",
        metric="accuracy",
        constraints=Constraints(max_drop=0.03),
        out=tmp_path / "run",
        budget="quick",
    )


def test_a_search_of_ones_own_stops_when_the_front_rests(call):
    run = optimize(call, measured=(UntilTheFrontRests(1), *BY_MEASUREMENT))
    tried = dict.fromkeys((r.runtime, r.precision) for r in run.records if r.recipe)
    # Both lose nothing, and the second is larger.
    assert list(tried) == [("litert", "fp32"), ("openvino", "fp32")]
    left_out = [r for r in run.records if r.reason == "the front has not moved for 1"]
    assert [r.status for r in left_out] == ["skipped"] * 4
    # All later steps are the usual ones.
    assert run.chosen.runtime in ("litert", "openvino")
    assert run.chosen.latency_ms.stage == "final"
    assert run.chosen.confirm_drop is not None
    assert (call.out / "three-runtimes" / "run.py").exists()
    assert optimize(call).choices == run.choices  # the folder is like any other


@dataclass(frozen=True)
class SmallestFirst:
    """An objective of its own: of the finalists the smallest is confirmed first."""

    def why_skipped(self, run, state):
        return Skip("they are in order") if state.finalists == self.order(state) else None

    def advance(self, run, state):
        return replace(state, finalists=self.order(state))

    def order(self, state):
        finalists = sorted(state.latest(state.finalists), key=lambda record: record.size_bytes)
        return tuple(record.key for record in finalists)


def test_an_objective_of_ones_own_is_an_entry_in_the_order(call):
    steps = (
        MakeAndScore(), Screen(), Repeat(Final(), SmallestFirst(), Confirm()),
    )  # fmt: skip
    # Floats alone: whether integers hold is the processor's matter.
    floats = Constraints(max_drop=0.03, space=SpaceAsked(precisions=("fp32",)))
    run = optimize(replace(call, constraints=floats), measured=steps)
    qualifying = [r for r in run.records if r.drop and r.drop.judged <= 0.03]
    assert len(qualifying) == 3
    assert run.chosen.size_bytes == min(r.size_bytes for r in qualifying)
    # What stands in no order is not done.
    assert not any("with these settings" in note for r in run.records for note in r.notes)
