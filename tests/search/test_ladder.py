"""Which compression comes next, as a pure function of what was tried."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeopt.domain.compression import (
    Compression,
    CompressionStep,
    Prune,
    QuantizationAware,
    Recover,
)
from edgeopt.domain.latency import Verdict
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.record import Record
from edgeopt.domain.score import Drop
from edgeopt.report import step_words
from edgeopt.search import ladder
from edgeopt.search.ladder import StepOutcome, Tried

KEPT, SLOW, LOST = StepOutcome("faster"), StepOutcome("no-faster"), StepOutcome("lossy")
ASKED = Compression(methods=("prune",), step=0.2)


def shares(*outcomes):
    """The shares that are pruned when the steps end so; the last is what would come next."""
    tried, found = (), []
    for outcome in (*outcomes, None):
        stages = ladder.next_step("prune", ASKED, tried, 8)
        if not stages:
            return found
        assert isinstance(stages[1], Recover)
        found.append(stages[0].share)
        if outcome is not None:
            tried = (*tried, Tried(stages, outcome))
    return found


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ((), [0.2]),
        ((KEPT, KEPT), [0.2, 0.2, 0.2]),
        ((KEPT, LOST), [0.2, 0.2, 0.1]),
        ((KEPT, LOST, KEPT), [0.2, 0.2, 0.1, 0.1]),
        ((LOST, LOST), [0.2, 0.1]),  # half of that is too little
        ((SLOW,), [0.2, 0.4]),
        ((SLOW, SLOW), [0.2, 0.4, 0.6]),  # twice that would be too much
        ((SLOW, SLOW, SLOW), [0.2, 0.4, 0.6]),
        ((SLOW, LOST), [0.2, 0.4]),  # between the two there is nothing
        ((SLOW, KEPT, KEPT), [0.2, 0.4, 0.4, 0.4]),
    ],
)
def test_steps_of_pruning(outcomes, expected):
    assert shares(*outcomes) == pytest.approx(expected)


@given(st.lists(st.sampled_from([KEPT, SLOW, LOST]), min_size=10, max_size=12))
def test_pruning_ends(outcomes):
    assert len(shares(*outcomes)) <= ladder.MOST_PRUNING_STEPS


@pytest.mark.parametrize("method", ["low-rank", "input-size"])
def test_a_list_of_trials_ends_at_the_first_that_is_kept(method):
    first = ladder.next_step(method, ASKED, (), 8)
    second = ladder.next_step(method, ASKED, (Tried(first, SLOW),), 8)
    assert first[0] != second[0]
    assert ladder.next_step(method, ASKED, (Tried(first, KEPT),), 8) == ()
    assert ladder.next_step(method, ASKED, (Tried(first, LOST), Tried(second, LOST)), 8) == ()


@pytest.mark.parametrize("outcome", [KEPT, SLOW, LOST])
def test_sparsity_rises_whatever_became_of_the_first(outcome):
    first = ladder.next_step("sparse", ASKED, (), 8)
    second = ladder.next_step("sparse", ASKED, (Tried(first, outcome),), 8)
    assert (first[0].pattern, second[0].pattern, second[0].share) == ("2:4", "unstructured", 0.8)
    for last in (KEPT, LOST):
        tried = (Tried(first, outcome), Tried(second, last))
        assert ladder.next_step("sparse", ASKED, tried, 8) == ()


def test_rounding_is_trained_once():
    stages = ladder.next_step("qat", ASKED, (), 8)
    assert isinstance(stages[0], QuantizationAware)
    assert ladder.next_step("qat", ASKED, (Tried(stages, LOST),), 8) == ()


def record(drop, status="ok"):
    recipe = Recipe(runtime="litert", precision="int8-static", compression=(Prune(share=0.5),))
    return Record(
        target="t",
        device="local",
        runtime="litert",
        precision="int8-static",
        recipe_id=recipe.id,
        recipe=recipe,
        status=status,
        step=None,
        reason="" if status == "ok" else "it crashed",
        drop=Drop(value=drop, low=0, high=1, interval="Wilson", n=100, resolved=True),
    )


def verdict(word, ratio):
    return Verdict(
        word=word, ratio=ratio, low=1.0, high=2.0, over="x", pairs=11, launches=1, margin=0.02,
        noise=0.0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("method", "made", "said", "held", "outcome", "why"),
    [
        ("prune", record(0.0, "failed-run"), None, False, LOST, "it crashed"),
        ("prune", record(0.02), None, False, LOST, "it loses 2.0 points, more than allowed"),
        ("prune", record(0.0), None, True, SLOW, "not quiet"),
        ("prune", record(0.0), verdict("EQUIVALENT", 1.01), True, SLOW, "no faster"),
        ("prune", record(0.0), verdict("INCONCLUSIVE", 1.2), True, SLOW, "not shown to be faster"),
        ("prune", record(0.0), verdict("FASTER", 1.5), True, KEPT, "1.50 times as fast"),
        ("qat", record(0.005), None, True, KEPT, "less than without it, which loses 1.0 points"),
        ("qat", record(0.02), None, False, SLOW, "no less than without it, which loses 1.0 points"),
    ],
)
def test_a_step_is_kept_where_it_holds_and_is_faster(method, made, said, held, outcome, why):
    found = ladder.outcome_of(method, made, said, held, record(0.01))
    assert (found.held, found.faster) == (outcome.held, outcome.faster)
    assert found.kept is (outcome is KEPT)
    assert why in step_words.why(found)


FAST, SLOWER = verdict("FASTER", 1.2), verdict("SLOWER", 0.9)
SAME, OPEN = verdict("EQUIVALENT", 1.0), verdict("INCONCLUSIVE", 1.1)


@pytest.mark.parametrize(
    ("verdicts", "stand"),
    [
        ([], 0),
        ([FAST], 1),
        ([SLOWER], 0),
        ([SAME], 0),
        ([OPEN], 0),  # longer than what kept it, and still not told
        ([None], 1),  # the machine was not quiet: what was known before stands
        ([FAST, SLOWER], 1),
        ([FAST, SLOWER, OPEN], 1),
        ([SLOWER, FAST], 2),  # the second starts from the first, and is faster with it
        ([OPEN, None], 2),
    ],
)
def test_the_longer_schedule_decides_which_steps_stand(verdicts, stand):
    assert ladder.standing(verdicts) == stand


def test_a_step_says_what_the_longer_schedule_said():
    step = CompressionStep(
        title="sparse=2:4", chain=(), carrier="x", kept=True, why="it loses 0; 1.11 times as fast",
        ratio=1.11, low=1.09, high=1.13, launches=4,
    )  # fmt: skip
    gone = step_words.timed_again(step, SLOWER, False)
    stays = step_words.timed_again(step, FAST, True)
    assert (gone.kept, gone.ratio, stays.kept, stays.ratio) == (False, 0.9, True, 1.2)
    assert "kept first (it loses 0; 1.11 times as fast)" in gone.why
    for told in (gone, stays):
        assert (
            f"{told.ratio:.2f} times as fast (95 % interval 1.00 to 2.00, 1 launches)" in told.why
        )
