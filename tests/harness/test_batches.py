"""Samples given out for artifacts that take several at once, and what a verdict is then of."""

import numpy as np
import pytest

from edgeopt.domain.tensor import Binding
from edgeopt.harness.budget import SCREEN
from edgeopt.harness.feed import Feed, grouped, ungrouped
from edgeopt.harness.replies import Loaded, Readings
from edgeopt.harness.timed import Block, Launch, Measurement, Timed
from edgeopt.harness.verdicts import compare


def binding(*shape, permute=None, source="x"):
    return Binding(source=source, name="x", index=0, dtype="float32", shape=shape, permute=permute)


@pytest.fixture
def samples():
    return np.arange(7 * 1 * 2 * 3, dtype=np.float32).reshape(7, 1, 2, 3)


def test_an_artifact_that_takes_three_at_once_is_given_three(samples, tmp_path):
    feed = Feed({"x": samples}, tmp_path)
    [single] = feed.files((binding(1, 2, 3),))
    [file] = feed.files((binding(3, 2, 3),))
    assert np.load(single).shape == (7, 1, 2, 3)
    np.testing.assert_array_equal(np.load(file)[1], samples[3:6, 0])


def test_its_own_layout_is_of_each_sample(samples, tmp_path):
    [file] = Feed({"x": samples}, tmp_path).files((binding(3, 3, 2, permute=(0, 2, 1)),))
    np.testing.assert_array_equal(np.load(file)[1][2], samples[5, 0].T)


def test_fewer_samples_than_a_batch_are_repeated(samples, tmp_path):
    [file] = Feed({"x": samples}, tmp_path).files((binding(16, 2, 3),))
    found = np.load(file)
    assert found.shape == (1, 16, 2, 3)
    np.testing.assert_array_equal(found[0][7], samples[0, 0])


def test_inputs_that_do_not_grow_alike_are_no_batch(samples, tmp_path):
    feed = Feed({"x": samples, "z": np.ones((7, 1), np.float32)}, tmp_path)
    with pytest.raises(ValueError, match="reshape"):
        feed.files((binding(3, 2, 3), binding(1, source="z")))


def test_sequences_are_not_taken_in_batches(tmp_path):
    feed = Feed({"x": np.ones((4, 5, 1)), "s": np.ones((4, 1))}, tmp_path, {"out": "s"})
    with pytest.raises(ValueError, match="not taken in batches"):
        feed.in_batches(2)


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_answers_come_back_in_the_order_of_samples(samples, count):
    n = len(samples) // count * count
    np.testing.assert_array_equal(ungrouped(grouped(samples, count), (1, 2, 3)), samples[:n])


OPENED = Loaded(version="1", load_ns=1, compile_ns=None, why_null={})


def schedule(items, took):
    """Two artifacts in two launches, one of which takes several samples in a run."""
    timed = {}
    for key, many, ns in (("one", 1, 1000), ("many", items, took)):
        blocks = [Block(r, 0, [ns * 10_000] * 8, 0, Readings(), Readings()) for r in range(6)]
        launches = [Launch(OPENED, 1, [1], None, None, list(blocks)) for _ in range(2)]
        timed[key] = Timed(key=key, title=key, launches=launches, items=many)
    return Measurement(SCREEN, 0, timed, "one", None)


@pytest.mark.parametrize(
    ("items", "took", "word", "ratio"),
    [
        (4, 2000, "FASTER", 2.0),
        (4, 4000, "INCONCLUSIVE", 1.0),  # two launches tell no equivalence
        (8, 16_000, "SLOWER", 0.5),
        (1, 500, "FASTER", 2.0),
    ],
)
def test_a_verdict_is_of_the_time_of_a_sample(items, took, word, ratio):
    found = compare(schedule(items, took), "many", "one")
    assert (found.word, found.ratio) == (word, pytest.approx(ratio))
    back = compare(schedule(items, took), "one", "many")
    assert back.ratio == pytest.approx(1 / ratio)
