"""Recall at a rate of false positives, counted out by trying every threshold."""

from __future__ import annotations

import numpy as np
import pytest

from edgeopt.tasks.boxed import DetectionSet, GroundTruth
from edgeopt.tasks.matching import match
from edgeopt.tasks.recall_at import recall_at
from tests.tasks.scenes import repeated, scene


def by_thresholds(matches, rate):
    """The best recall of all thresholds whose false positives keep to the rate."""
    s = matches.sizes.index("all")
    hit, ignored = matches.hit[s, 0], matches.ignored[s, 0]
    best = 0
    for threshold in np.unique(matches.scores):
        there = (matches.scores >= threshold) & ~ignored
        if (there & ~hit).sum() <= rate * matches.count:
            best = max(best, (there & hit).sum())
    return best / matches.counted[s].sum()


@pytest.mark.parametrize("rate", [0.1, 1, 3])
@pytest.mark.parametrize("ties", [True, False])
def test_every_threshold_tried(rate, ties):
    truth, found = scene(int(rate * 10), count=40, ties=ties)
    matches = match(truth, found)
    assert recall_at(matches, rate).value() == pytest.approx(by_thresholds(matches, rate))


def test_weights_are_images_that_stand_there_so_many_times():
    truth, found = scene(5, count=30)
    times = np.random.default_rng(5).integers(0, 3, 30)
    expected = recall_at(match(*repeated(truth, found, times)), 1.0).value()
    assert recall_at(match(truth, found), 1.0).value(times) == pytest.approx(expected)
    assert 0 < expected < 1


def test_a_detector_that_is_wrong_from_the_first_on():
    truth = GroundTruth(
        2, np.array([0]), np.array([[0, 0, 9, 9.0]]), np.array([0]), ("a",), np.array([81.0]),
        np.array([False]),
    )  # fmt: skip
    found = DetectionSet(
        2, np.array([0, 1]), np.array([[0, 0, 9, 9.0], [5, 5, 9, 9]]), np.array([0, 0]),
        np.array([0.5, 0.9]),
    )  # fmt: skip
    matches = match(truth, found)
    assert recall_at(matches, 0.1).value() == 0
    assert recall_at(matches, 0.5).value() == 1
    assert np.isnan(recall_at(matches, 0.5).value(np.array([0, 1])))
