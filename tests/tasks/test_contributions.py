"""Contributions of metrics that are functions of sums."""

from __future__ import annotations

import numpy as np
import pytest

from edgeopt.tasks.contributions import Sums, difference, statistic


def test_accuracy_and_character_errors_are_sums():
    """Edits over characters: not the mean of each line's rate."""
    edits, characters = np.array([1, 0, 5.0]), np.array([10, 5, 5.0])
    errors = Sums(np.stack([edits, characters], axis=1), lambda sums: sums[0] / sums[1])
    assert len(errors) == 3
    assert errors.value() == pytest.approx(6 / 20)
    assert errors.value(np.array([2, 1, 0])) == pytest.approx(2 / 25)
    assert statistic(errors)(np.array([0, 0, 1])) == errors.value(np.array([2, 1, 0]))


def test_a_difference_is_of_the_same_samples():
    hits = [
        Sums(np.array(column)[:, None], lambda sums: sums[0]) for column in ([1.0, 0], [0.0, 1])
    ]
    assert difference(*hits)(np.array([0, 0])) == 2
    assert difference(*hits)(np.array([0, 1])) == 0


def test_weights_are_one_for_each_sample():
    with pytest.raises(ValueError, match=r"each of 2 samples wanted, got \(3,\)"):
        Sums(np.zeros((2, 1)), lambda sums: sums[0]).value(np.ones(3))
