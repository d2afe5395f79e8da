"""Against scikit-learn's nDCG, and against all orders of equal scores, one by one."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score

from edgeopt.domain.errors import BadInput
from edgeopt.tasks import ranking
from tests.tasks.resampled import assert_adds_up


def table(seed, queries=5, candidates=6, levels=3):
    """[queries, candidates] of scores with many ties, and of relevance with one right at least."""
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, levels, (queries, candidates)).astype(float)
    relevance = rng.integers(0, 3, (queries, candidates)) * (rng.random(scores.shape) < 0.5)
    relevance[:, 0] = np.maximum(relevance[:, 0], relevance.max(axis=1) == 0)
    return scores, relevance.astype(float)


def lists_of(scores, relevance, seed=0):
    """The same, candidates shuffled."""
    query = np.repeat(np.arange(len(scores)), scores.shape[1])
    order = np.random.default_rng(seed).permutation(len(query))
    return ranking.lists(query[order], scores.ravel()[order], relevance.ravel()[order])


def of_order(name, right, k):
    """One query in one order: right, bool[candidates]."""
    if name == "mrr":
        return 1 / (1 + np.argmax(right)) if right.any() else 0
    return right[:k].any() if name == "hit" else right[:k].sum() / right.sum()


def by_all_orders(name, scores, relevance, k):
    """The mean over all orders that the scores allow."""
    of_query = []
    for row, wanted in zip(scores, relevance > 0, strict=True):
        groups = [np.flatnonzero(row == score) for score in sorted(set(row), reverse=True)]
        orders = itertools.product(*(itertools.permutations(group) for group in groups))
        values = [of_order(name, wanted[[i for g in order for i in g]], k) for order in orders]
        of_query.append(np.mean(values))
    return np.mean(of_query)


METRICS = {
    "hit": ranking.hit_rate,
    "recall": ranking.recall,
    "mrr": lambda found, k: ranking.reciprocal_rank(found),
}


@pytest.mark.parametrize("k", [1, 2, 4, 6, 9])
@pytest.mark.parametrize("name", METRICS)
def test_equal_scores_count_as_in_all_orders(name, k):
    scores, relevance = table(k)
    found = METRICS[name](lists_of(scores, relevance), k).value()
    assert found == pytest.approx(by_all_orders(name, scores, relevance, k), abs=1e-12)


@pytest.mark.parametrize("k", [1, 3, 6, 10])
@pytest.mark.parametrize("levels", [2, 4, 1000])
def test_ndcg_is_scikit_learns(k, levels):
    scores, relevance = table(k, 30, 8, levels)
    found = ranking.ndcg(lists_of(scores, relevance), k).value()
    assert found == pytest.approx(ndcg_score(relevance, scores, k=k), abs=1e-12)


def test_a_worked_case():
    """Ranks 1, 3 and none within 10 of the only right one, as in the tables of papers."""
    scores = np.array([[9.0, 8, 7, 6], [9, 8, 7, 6], [9, 8, 7, 6]])
    relevance = np.array([[1.0, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    found = lists_of(scores, relevance)
    assert ranking.hit_rate(found, 3).value() == pytest.approx(2 / 3)
    assert ranking.recall(found, 1).value() == pytest.approx(1 / 3)
    assert ranking.reciprocal_rank(found).value() == pytest.approx((1 + 1 / 3 + 1 / 4) / 3)
    assert ranking.ndcg(found, 3).value() == pytest.approx((1 + 1 / 2) / 3)


def test_values_of_ir_measures():
    """ir-measures 0.4 (nDCG@10, RR, R@5, Success@10, Success@1) of these very lists."""
    rng = np.random.default_rng(3)
    scores = rng.normal(size=(40, 30))
    relevance = rng.integers(0, 4, (40, 30)) * (rng.random((40, 30)) < 0.1)
    relevance[:, 0] = np.maximum(relevance[:, 0], relevance.max(axis=1) == 0)
    found = lists_of(scores, relevance.astype(float))
    assert ranking.ndcg(found, 10).value() == pytest.approx(0.2150909406993032)
    assert ranking.reciprocal_rank(found).value() == pytest.approx(0.2727545501227041)
    assert ranking.recall(found, 5).value() == pytest.approx(0.15791666666666665)
    assert ranking.hit_rate(found, 10).value() == pytest.approx(0.675)
    assert ranking.hit_rate(found, 1).value() == pytest.approx(0.15)


@given(st.sampled_from([*METRICS, "ndcg"]), st.integers(0, 10_000), st.integers(1, 6))
def test_a_resample_is_the_metric_of_the_resampled(name, seed, k):
    metric = {**METRICS, "ndcg": ranking.ndcg}[name]
    assert_adds_up(lambda s, r: metric(lists_of(s, r), k), *table(seed), seed=seed)


def test_lists_of_different_lengths_and_scores_that_are_nan():
    query = np.array([0, 0, 0, 1, 1])
    scores = np.array([np.nan, np.nan, 1, 3, 2])
    relevance = np.array([1.0, 0, 0, 0, 1])
    found = ranking.lists(query, scores, relevance)
    assert ranking.hit_rate(found, 2).value() == pytest.approx((1 / 2 + 1) / 2)
    assert ranking.reciprocal_rank(found).value() == pytest.approx(
        ((1 / 2 + 1 / 3) / 2 + 1 / 2) / 2
    )


def test_ten_thousand_equal_scores():
    """A quantized model that answers the same for all: chance, without overflow."""
    relevance = np.zeros((1, 10_000))
    relevance[0, :3] = 1
    found = lists_of(np.zeros_like(relevance), relevance)
    assert ranking.hit_rate(found, 100).value() == pytest.approx(1 - 0.99**3, rel=1e-3)
    assert ranking.recall(found, 100).value() == pytest.approx(0.01)


def test_a_query_without_anything_right_has_no_recall():
    found = lists_of(np.array([[2.0, 1], [2, 1]]), np.array([[1.0, 0], [0, 0]]))
    assert ranking.recall(found, 1).value() == 1
    assert ranking.hit_rate(found, 1).value() == 0.5


def test_another_number_of_scores():
    with pytest.raises(BadInput, match="there are 3 candidates, but 2 scores"):
        ranking.lists(np.zeros(3, int), np.zeros(2), np.zeros(3))
