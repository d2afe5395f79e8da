"""What other samples may lose: bounds from few samples, held against what many lose."""

from __future__ import annotations

import numpy as np
import pytest

from edgeopt.datasets.bound import bound
from edgeopt.datasets.metrics import metric

MANY, FEW = 20_000, 120
RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 10, MANY)
LOGITS = (6 * np.eye(10)[LABELS] + 2 * RNG.normal(size=(MANY, 10))).astype(np.float32)


def softmax(logits):
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return (powers / powers.sum(1, keepdims=True)).astype(np.float32)


def noisy(size):
    return LOGITS + (size * np.random.default_rng(1).normal(size=LOGITS.shape)).astype(np.float32)


def bounds(name, source, outputs, draws=20):
    """(what all lose, bounds by few of them)"""
    judge = metric(name, LABELS, source)
    truths = judge.truths(LABELS, source)
    lost = judge.value(source, truths) - judge.value(outputs, truths)
    found = []
    for draw in range(draws):
        rows = np.random.default_rng(draw).permutation(MANY)[:FEW]
        found.append(bound(judge, outputs[rows], source[rows], truths[rows], None))
    return lost, np.array(found)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["accuracy", "agreement", "f1"])
@pytest.mark.parametrize("size", [0.3, 1.0])
def test_most_bounds_hold_and_are_of_use(name, size):
    lost, found = bounds(name, LOGITS, noisy(size))
    assert (found >= lost).mean() >= 0.9
    changed = (LOGITS.argmax(1) != noisy(size).argmax(1)).mean()
    assert np.median(found) < 3 * changed


def test_probabilities_tell_as_much_as_logits():
    lost, found = bounds("agreement", softmax(LOGITS), softmax(noisy(0.3)))
    assert (found >= lost).mean() >= 0.9
    assert np.median(found) < 4 * lost + 0.002


def test_one_score_and_its_ranks():
    score = (LOGITS[:, :1] - LOGITS[:, 1:2]).astype(np.float32)
    source, outputs = (1 / (1 + np.exp(-each)) for each in (score, score + noisy(0.5)[:, :1] / 9))
    labels = (LABELS == 0).astype(int)
    judge = metric("roc-auc", labels, source)
    lost = judge.value(source, labels) - judge.value(outputs, labels)
    rows = np.random.default_rng(0).permutation(MANY)[:600]
    found = bound(judge, outputs[rows], source[rows], labels[rows], None)
    assert lost <= found < lost + 0.02


def test_rounding_noise_is_bounded_by_next_to_nothing():
    outputs = LOGITS + np.float32(1e-5) * RNG.normal(size=LOGITS.shape).astype(np.float32)
    _, found = bounds("accuracy", LOGITS, outputs, 3)
    assert (found < 1e-4).all()
    assert (bounds("accuracy", LOGITS, LOGITS.copy(), 3)[1] == 0).all()


def test_a_count_that_margins_do_not_foretell_decides_alone():
    """Answers that jump where the source was sure: no noise of others tells of that."""
    rows = np.arange(FEW)
    outputs = LOGITS[rows] + np.float32(1e-4)
    outputs[:6] = np.roll(outputs[:6], 1, axis=1)
    judge = metric("agreement", None, LOGITS[rows])
    assert bound(judge, outputs, LOGITS[rows], LOGITS[rows], None) > 0.05


def test_answers_without_distances_are_counted():
    source = LOGITS[:FEW].argmax(1)
    judge = metric("agreement", None, source)
    none_lost = bound(judge, source.copy(), source, source, None)
    assert 0.01 < none_lost < 0.03


def test_few_groups_tell_less():
    rows = np.arange(FEW)
    judge, outputs = metric("agreement", None, LOGITS[rows]), noisy(0.5)[rows]
    alone = bound(judge, outputs, LOGITS[rows], LOGITS[rows], None)
    few = bound(judge, outputs, LOGITS[rows], LOGITS[rows], rows % 2)
    assert few > alone
    whole = bound(judge, outputs, LOGITS[rows], LOGITS[rows], rows * 0)
    assert whole > 3 * alone


def test_values_have_none():
    judge = metric("mae", LOGITS[:FEW], LOGITS[:FEW])
    assert bound(judge, noisy(0.1)[:FEW], LOGITS[:FEW], LOGITS[:FEW], None) is None
