"""Scores on a growing part: what clearly loses too much ends early, and nothing else does."""

import numpy as np
import pytest

from edgeopt.datasets.by_metric import metric_for
from edgeopt.datasets.samples import Samples
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.run import Constraints
from edgeopt.harness.feed import Feed
from edgeopt.pipeline.evaluation_set import EvaluationSet
from edgeopt.pipeline.growing import Growing
from edgeopt.pipeline.scoring import Scoring

N, CHUNK = 800, 50
RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 3, N)
RIGHT = (8 * np.eye(3)[LABELS][:, None] + RNG.normal(size=(N, 1, 3))).astype(np.float32)
FORM = Recipe(runtime="litert", precision="int8-static")


@pytest.fixture
def choose(tmp_path):
    samples, source = Samples({"x": RNG.normal(size=(N, 2))}, LABELS), {"y": RIGHT}
    metric = metric_for("accuracy", samples, source, "y")
    scoring = Scoring(metric, "y", Constraints(max_drop=0.05))
    return EvaluationSet("choose", samples, Feed(samples.inputs, tmp_path), source, scoring)


def losing(share, seed):
    """The source's answers, wrong in a share of the samples and off by a little in all."""
    rng = np.random.default_rng(seed)
    wrong = rng.random(N) < share
    answers = RIGHT + rng.normal(size=RIGHT.shape, scale=0.05).astype(np.float32)
    answers[wrong] = np.roll(answers[wrong], 1, axis=2)
    return {"y": answers}


def asked(choose, answers):
    """As `harness/answering.py` asks: after each chunk, about all answers so far."""
    looks = Growing.of(choose, FORM)
    # Far off by distance as well; what is looked at here is the score.
    looks.asked = 1
    for n in range(CHUNK, N + 1, CHUNK):
        if looks({"y": answers["y"][:n]}):
            return n, looks
    return N, looks


def test_what_loses_a_third_ends_at_the_first_look(choose):
    n, looks = asked(choose, losing(0.33, 1))
    assert (n, looks.given_up) == (N // 8, N // 8)


def test_what_loses_nothing_is_asked_about_all(choose):
    n, looks = asked(choose, losing(0.0, 1))
    assert (n, looks.given_up, looks.far) == (N, None, False)


@pytest.mark.slow
def test_what_loses_just_what_is_allowed_seldom_ends_early(choose):
    ended = [asked(choose, losing(0.05, seed))[0] < N for seed in range(200)]
    assert np.mean(ended) <= 0.05  # 2.5 % of each of two looks, at most


def test_answers_that_are_far_from_the_sources_end_it_at_once(choose):
    looks = Growing.of(choose, FORM)
    noise = {"y": RNG.normal(size=RIGHT.shape).astype(np.float32)}
    assert looks({"y": noise["y"][:CHUNK]})
    assert looks.far
    assert looks.given_up is None
