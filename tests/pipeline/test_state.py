"""What steps hand on, and how an order of them is followed."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, dataclass, replace
from types import SimpleNamespace

import pytest

from edgeopt.domain.obstacle import said
from edgeopt.domain.recipe import LeftOut, Recipe
from edgeopt.domain.record import Record
from edgeopt.domain.run import Constraints
from edgeopt.domain.score import Drop
from edgeopt.harness.budget import BUDGETS
from edgeopt.pipeline.state import State
from edgeopt.pipeline.step import Repeat, Skip, follow


def record(runtime, drop=0.0, bound=0.0, **fields):
    recipe = Recipe(runtime=runtime, precision="fp32", threads=1)
    return Record(
        target="t", device="local", runtime=runtime, precision="fp32", recipe_id=recipe.id,
        recipe=recipe, status=fields.pop("status", "ok"), step=None,
        drop=Drop(value=drop, low=0.0, high=bound, interval="", n=99, resolved=True, bound=bound),
        **fields,
    )  # fmt: skip


ONE, TWO, THREE = record("onnxruntime"), record("openvino"), record("litert")
STATE = State(Constraints(max_drop=0.01), records=(ONE, TWO))


def test_newer_records_take_the_places_of_older_ones_and_new_candidates_come_last():
    newer = record("onnxruntime", reason="again")
    state = STATE.updated([THREE, newer])
    assert state.records == (newer, TWO, THREE)
    assert STATE.records == (ONE, TWO)
    with pytest.raises(FrozenInstanceError):
        STATE.records = ()


def test_who_is_gone_is_gone_from_all_that_waits():
    keys = (ONE.key, TWO.key)
    state = replace(STATE, queue=keys, finalists=keys).without({ONE.key})
    assert (state.records, state.queue, state.finalists) == ((TWO,), (TWO.key,), (TWO.key,))


def test_a_queue_has_the_latest_records():
    newer = record("onnxruntime", reason="again")
    state = STATE.queued([ONE, TWO]).updated([newer])
    assert state.latest(state.queue) == [newer, TWO]


def test_only_those_within_the_constraints_qualify():
    state = STATE.updated([record("openvino", 0.02), record("litert", status="failed-run")])
    assert state.qualifying == [ONE]


@pytest.mark.parametrize(
    ("passed", "settled", "following", "enough"),
    [
        ((), None, "doubtful", False),
        (("onnxruntime",), None, "doubtful", True),
        (("onnxruntime",), None, "likely", False),
        ((), "onnxruntime", "likely", True),
    ],
)
def test_one_that_is_no_better_than_what_was_confirmed_is_not_asked(
    passed, settled, following, enough
):
    after = record("litert", 0.0, 0.5 if following == "doubtful" else 0.0)
    keys = {"onnxruntime": ONE.key}
    state = replace(
        STATE.updated([after]),
        passed=tuple(keys[name] for name in passed),
        settled=keys.get(settled),
    )
    assert state.is_enough(after.key) is enough


def test_the_chosen_is_the_settled_one_else_the_most_careful_of_those_that_passed():
    doubtful, careful = record("openvino", 0.0, 0.5), record("litert", 0.0, 0.1)
    state = STATE.updated([doubtful, careful])
    assert state.chosen is None
    state = replace(state, passed=(doubtful.key, careful.key))
    assert state.chosen == careful
    assert replace(state, settled=ONE.key).chosen == ONE


@dataclass(frozen=True)
class Take:
    """Tries one recipe a time, as long as there are more than `least`."""

    least: int = 0

    def why_skipped(self, run, state):
        left = LeftOut(runtime="any", precision="fp32", why=said("enough"))
        return None if len(state.untried) > self.least else Skip("enough", (left,))

    def advance(self, run, state):
        run.taken.append(len(state.untried))
        return replace(state, untried=state.untried[1:])


@pytest.fixture
def run():
    kept, taken = [], []
    return SimpleNamespace(
        target="t", taken=taken, kept=kept, recorder=SimpleNamespace(keep=kept.extend)
    )


RECIPES = tuple(Recipe(runtime="litert", precision="fp32", threads=n) for n in (1, 2, 3))


def test_a_step_that_does_not_apply_says_why_and_what_is_left_out_is_recorded(run):
    state = follow([Take(), Take(5)], run, replace(STATE, untried=RECIPES))
    assert run.taken == [3]
    assert state.skipped == (("Take", "enough"),)
    assert [(r.status, r.step, r.reason) for r in run.kept] == [("skipped", "space", "enough")]


def test_steps_are_repeated_as_long_as_one_of_them_applies(run):
    rounds = Repeat(Take(1), Take())
    state = follow([rounds], run, replace(STATE, untried=RECIPES))
    assert state.untried == ()
    assert run.taken == [3, 2, 1]
    assert rounds.why_skipped(run, state).reason == "enough"


@pytest.mark.parametrize(
    ("state", "name"),
    [
        (State(Constraints(), aim="energy"), "screen-metered"),
        (State(Constraints(max_energy_mj=3.0)), "screen-metered"),
        (State(Constraints(), aim="size"), "screen"),
    ],
)
def test_where_energy_decides_it_is_measured_in_each_schedule(state, name):
    assert state.schedule("screen") == name
    metered = BUDGETS[state.schedule("closer")]
    assert (metered.energy_s > 0) == state.needs_energy
