import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from edgeopt.domain.errors import BadInput
from edgeopt.tasks import curves, embedding, ranking
from tests.tasks.resampled import assert_adds_up


def clouds(seed=0, identities=8, each=5, width=6, noise=1.0):
    rng = np.random.default_rng(seed)
    identity = np.repeat(np.arange(identities), each)
    centres = rng.normal(size=(identities, width))
    return centres[identity] + noise * rng.normal(size=(len(identity), width)), identity


@pytest.mark.parametrize("k", [1, 3, 10])
def test_neighbours_are_scikit_learns(k):
    embeddings, identity = clouds()
    lists = embedding.neighbours(embeddings, identity)
    index = NearestNeighbors(n_neighbors=k + 1, metric="cosine").fit(embeddings)
    near = index.kneighbors(embeddings, return_distance=False)[:, 1:]
    right = identity[near] == identity[:, None]
    assert ranking.hit_rate(lists, k).value() == pytest.approx(right.any(axis=1).mean())
    assert ranking.recall(lists, k).value() == pytest.approx((right.sum(axis=1) / 4).mean())


def test_a_gallery_of_its_own():
    embeddings, identity = clouds(1)
    gallery = np.arange(len(identity)) % 5 == 0
    lists = embedding.neighbours(embeddings, identity, gallery)
    unit = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    nearest = (unit[~gallery] @ unit[gallery].T).argmax(axis=1)
    wanted = (identity[gallery][nearest] == identity[~gallery]).mean()
    assert lists.queries == 32
    assert ranking.recall(lists, 1).value() == pytest.approx(wanted)


@pytest.mark.parametrize("metric", [ranking.recall, ranking.ndcg, ranking.hit_rate])
def test_what_is_far_may_be_left_out(metric):
    embeddings, identity = clouds(2, 20, 6)
    whole = embedding.neighbours(embeddings, identity, depth=len(identity))
    near = embedding.neighbours(embeddings, identity, depth=10)
    assert len(near.query) < len(whole.query) / 4
    for k in (1, 5, 10):
        assert metric(near, k).value() == pytest.approx(metric(whole, k).value(), abs=1e-12)


def test_a_resample_draws_queries():
    embeddings, identity = clouds(3)
    contributions = ranking.recall(embedding.neighbours(embeddings, identity), 1)
    of_query = np.array([contributions.value(one) for one in np.eye(len(identity))])
    weights = np.random.default_rng(0).integers(0, 4, len(identity))
    assert contributions.value(weights) == pytest.approx(np.average(of_query, weights=weights))


def test_who_is_alone_is_no_query_and_equal_embeddings_are_chance():
    lists = embedding.neighbours(np.ones((5, 3)), np.array(["a", "a", "b", "b", "c"]))
    assert lists.queries == 4
    assert ranking.recall(lists, 1).value() == pytest.approx(1 / 4)
    with pytest.raises(BadInput, match="no sample has another of its identity"):
        embedding.neighbours(np.ones((3, 3)), np.arange(3))
    with pytest.raises(BadInput, match="all samples are of one identity: whatever is nearest"):
        embedding.neighbours(np.random.default_rng(0).normal(size=(9, 3)), np.zeros(9))


def test_a_gallery_of_one_identity_is_told_as_such():
    embeddings = np.random.default_rng(0).normal(size=(4, 3))
    identity, gallery = np.array([0, 0, 0, 1]), np.array([True, True, False, False])
    with pytest.raises(BadInput, match="all samples of the gallery are of one identity") as told:
        embedding.neighbours(embeddings, identity, gallery)
    assert "two at least in the gallery" in told.value.hint


def test_verification_and_similarity():
    embeddings, identity = clouds(4, noise=0.5)
    left, right = (a.ravel() for a in np.meshgrid(np.arange(40), np.arange(40)))
    left, right = left[left < right], right[left < right]
    same = identity[left] == identity[right]

    def metric(left, right, same):
        return curves.EqualErrorRate(embedding.verification(embeddings, left, right, same))

    assert 0 < metric(left, right, same).value() < 0.2
    assert_adds_up(metric, left, right, same)
    alike = np.sum(embedding.unit(embeddings)[left] * embedding.unit(embeddings)[right], axis=1)
    pearson, spearman = embedding.similarity(embeddings, left, right, alike * 5)
    assert pearson.value() == pytest.approx(1)
    assert spearman.value() == pytest.approx(1)


def test_embeddings_that_are_0_or_not_finite_are_like_nothing():
    embeddings = np.array([[0.0, 0], [np.nan, 1], [3, 4]])
    assert embedding.unit(embeddings).tolist() == [[0, 0], [0, 0], [0.6, 0.8]]
    with pytest.raises(BadInput, match="an embedding of 1 value"):
        embedding.unit(np.ones((3, 1)))
