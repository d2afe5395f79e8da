"""What was timed before is known; what reaches over the limit is timed once more, closer."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from edgeopt.domain.evaluation import RelativeLatency
from edgeopt.domain.run import Constraints
from edgeopt.tuning import timing
from edgeopt.tuning.timing import Clock, Timed

RECIPE = SimpleNamespace(id="r1")


def timed(low, high, again=False):
    return Timed(latency=RelativeLatency(ms=1.0, low=low, high=high), again=again)


@pytest.fixture
def clock(monkeypatch, tmp_path):
    """A clock whose device is a list of figures: (asks, budgets asked for)."""
    monkeypatch.setenv("EDGEOPT_CACHE", str(tmp_path))
    monkeypatch.setattr(timing, "_key", lambda run, recipe, structure: f"{recipe.id}{structure}")
    figures, budgets = [timed(0.5, 1.5), timed(0.9, 1.1)], []

    def measured(run, subjects, folder, budget):
        budgets.append(budget.name)
        found = figures.pop(0)
        return {"r1": Timed(latency=found.latency, again=budget.name == "closer")}

    monkeypatch.setattr(timing, "_measured", measured)

    def ask(most_ms=None, structure="s", clock=Clock()):  # noqa: B008 (one for the whole test)
        evaluator = SimpleNamespace(subject=lambda recipe: recipe)
        call = SimpleNamespace(constraints=Constraints(max_latency_ms=most_ms))
        run = SimpleNamespace(evaluator=evaluator, call=call)
        found, was_known = clock.times(run, [RECIPE], structure, tmp_path)["r1"]
        return found.latency.high, was_known

    return ask, budgets


def test_a_structure_is_timed_once(clock):
    ask, budgets = clock
    assert [ask(), ask(), ask(2.0)] == [(1.5, False), (1.5, True), (1.5, True)]
    assert budgets == ["trial"]


def test_one_that_reaches_over_the_limit_is_timed_closer_once(clock):
    ask, budgets = clock
    assert [ask(1.2), ask(1.2), ask(1.0)] == [(1.5, False), (1.1, False), (1.1, True)]
    assert budgets == ["trial", "closer"]


@pytest.mark.parametrize(
    ("found", "most_ms", "decides"),
    [
        (timed(0.5, 1.5), None, True),
        (timed(0.5, 1.5), 0.4, True),
        (timed(0.5, 1.5), 0.5, False),
        (timed(0.5, 1.5), 1.4, False),
        (timed(0.5, 1.5), 1.5, True),
        (timed(0.5, 1.5, again=True), 1.0, True),
        (timed(None, None), 1.0, True),
        (Timed(why="no device"), 1.0, True),
    ],
)
def test_which_figures_tell_on_which_side_of_a_limit_they_are(found, most_ms, decides):
    assert found.decides(most_ms) is decides
