"""Which steps are kept, taken back, and taken back later; nothing is trained or timed."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from edgeopt.domain.compression import Compression, words
from edgeopt.domain.latency import Verdict
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.record import Record
from edgeopt.domain.run import Constraints
from edgeopt.domain.score import Drop
from edgeopt.pipeline import compression_search
from edgeopt.pipeline.compression_search import Form, Search
from edgeopt.pipeline.races import Raced
from edgeopt.pipeline.state import State

ASKED = Compression(methods=("sparse",))
CARRIER = Recipe(runtime="litert", precision="fp32", threads=1)


def record(recipe):
    drop = Drop(value=0.0, low=0.0, high=0.0, interval="", n=100, resolved=True)
    return Record(
        target="t", device="local", runtime=recipe.runtime, precision=recipe.precision,
        recipe_id=recipe.id, recipe=recipe, status="ok", step=None, drop=drop,
    )  # fmt: skip


def verdict(word, ratio, launches=4):
    return Verdict(
        word=word, ratio=ratio, low=ratio - 0.01, high=ratio + 0.01, over="x", pairs=16,
        launches=launches, margin=0.02,
    )  # fmt: skip


class Stand:
    """A run where everything works and nothing happens."""

    def __init__(self):
        self.kept, self.target = [], "t"
        derived = SimpleNamespace(parameters=1, note="")
        stages = SimpleNamespace(derived=lambda chain: derived, curve=lambda chain: None)
        self.context = SimpleNamespace(stages=stages)
        self.call = SimpleNamespace(seed=0)
        self.placement = SimpleNamespace(profile=SimpleNamespace(channel_multiple=8))
        self.recorder = SimpleNamespace(keep=self.kept.extend)

    def evaluated(self, recipes):
        return [record(recipe) for recipe in recipes]

    def can_time(self, record):
        return record.status == "ok"


@pytest.fixture
def climbed(monkeypatch):
    """The search over two threads whose step n is told `first[n]`, and all of them `later`."""

    def run(first, later):
        run, said = Stand(), iter(first)
        whole = [record(CARRIER.with_threads(count)) for count in (1, 2)]
        state = State(Constraints(max_drop=0.01), records=tuple(whole))
        search = Search(run, ASKED, state, CARRIER, whole[0], whole)
        search.forms.append(Form((), tuple(whole)))
        seen = SimpleNamespace(search=search, run=run, before=[], again=[])

        def step(run, before, after, seed):
            seen.before.append(before)
            own = next(r for r in after if r.recipe.threads == 2)
            return Raced(own.recipe_id, before[0].recipe_id, next(said))

        def steps(run, forms, seed):
            seen.again.append(forms)
            return [found and Raced("a", "b", found) for found in later]

        monkeypatch.setattr(compression_search, "time_step", step)
        monkeypatch.setattr(compression_search, "time_steps", steps)
        compression_search._climb(search, "sparse")
        compression_search._time_again(search)
        return seen

    return run


FASTER, SLOWER = verdict("FASTER", 1.11), verdict("SLOWER", 0.98, launches=16)


def titles(search):
    return {" ".join(words(r.recipe.compression)) for r in search.state.records}


def test_each_step_is_timed_with_every_number_of_threads_on_both_sides(climbed):
    seen = climbed([FASTER, FASTER], [FASTER, FASTER])
    assert [[r.recipe.threads for r in before] for before in seen.before] == [[1, 2], [2, 1]]
    [forms] = seen.again
    assert [sorted(r.recipe.threads for r in form) for form in forms] == [[1, 2]] * 3
    assert seen.search.carrier.threads == 2  # what was fastest of the last step
    assert len(seen.search.state.records) == 6


def test_more_zeros_are_tried_on_top_of_a_pattern_that_was_kept(climbed):
    seen = climbed([FASTER, FASTER], [FASTER, FASTER])
    assert [step.title for step in seen.search.steps] == ["sparse=2:4", "sparse=2:4 sparse=80%"]
    assert titles(seen.search) == {"", "sparse=2:4", "sparse=2:4 sparse=80%"}


def test_what_the_longer_schedule_reverses_is_taken_back_and_said(climbed):
    seen = climbed([FASTER, verdict("INCONCLUSIVE", 1.0)], [SLOWER])
    search = seen.search
    assert (search.chain, search.record.recipe.compression) == ((), ())
    assert titles(search) == {""}
    step = search.steps[0]
    assert (step.kept, step.ratio, step.launches) == (False, 0.98, 16)
    assert "kept first" in step.why
    assert "0.98 times as fast (95 % interval 0.97 to 0.99, 16 launches)" in step.why
    gone = [r for r in seen.run.kept if r.latency_reason.startswith("taken back: it was kept")]
    assert {r.recipe.threads for r in gone} == {1, 2}


def test_only_the_last_steps_are_reversed(climbed):
    seen = climbed([FASTER, FASTER], [FASTER, SLOWER])
    assert [step.kept for step in seen.search.steps] == [True, False]
    assert words(seen.search.chain) == ["sparse=2:4"]
    assert titles(seen.search) == {"", "sparse=2:4"}


def test_where_the_machine_was_not_quiet_what_was_known_stands(climbed):
    seen = climbed([FASTER, FASTER], [None, None])
    assert [(step.kept, step.ratio) for step in seen.search.steps] == [(True, 1.11)] * 2


def test_nothing_that_was_kept_is_not_timed_again(climbed):
    seen = climbed([SLOWER, SLOWER], [])
    assert seen.again == []
    assert titles(seen.search) == {""}
