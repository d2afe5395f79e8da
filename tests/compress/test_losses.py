"""The losses, held to what their sources say of them."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from edgeopt.compress import losses

ROW = st.lists(st.floats(-5, 5), min_size=3, max_size=3)


@pytest.mark.slow
@given(st.lists(ROW, min_size=1, max_size=4), st.floats(0.5, 10))
def test_soft_targets_are_zero_for_equal_answers_and_never_negative(rows, temperature):
    logits = torch.tensor(rows)
    assert float(losses.soft_targets(logits, logits, temperature)) == pytest.approx(0, abs=1e-5)
    other = logits.flip(1)
    assert float(losses.soft_targets(other, logits, temperature)) >= -1e-5


def test_soft_targets_by_hand():
    student, source, t = torch.tensor([[0.0, 0.0]]), torch.tensor([[2.0, 0.0]]), 2.0
    p = math.e / (math.e + 1)  # softmax of 2 / 2 and 0 / 2
    divergence = p * math.log(p / 0.5) + (1 - p) * math.log((1 - p) / 0.5)
    found = float(losses.soft_targets(student, source, t))
    assert found == pytest.approx(4 * divergence, rel=1e-5)


@pytest.mark.slow
@given(st.floats(0.1, 10), st.integers(1, 5))
def test_attention_maps_ask_neither_for_scale_nor_for_channels(scale, copies):
    features = torch.rand(2, 3, 4, 4) + 0.1
    many = (scale * features).repeat(1, copies, 1, 1)
    torch.testing.assert_close(losses.attention(many), losses.attention(features))
    assert float(losses.attention_distance([many], [features])) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("answers", "labels", "task"),
    [
        ((8, 3), torch.tensor([0, 2] * 4), "classes"),
        ((8, 3), None, "classes"),
        ((8, 3), torch.tensor([0, 3] * 4), "values"),  # a class that is not there
        ((8, 3), torch.rand(8, 3), "values"),
        ((8, 1), None, "values"),
        ((8, 3, 4), None, "values"),
    ],
)
def test_the_task_follows_from_answers_and_labels(answers, labels, task):
    assert losses.task_of(torch.zeros(answers), labels) == task


def test_probabilities_become_logits_of_the_same_soft_targets():
    logits = torch.randn(5, 4)
    probabilities = logits.softmax(1)
    assert losses.are_probabilities(probabilities)
    assert not losses.are_probabilities(logits)
    found = losses.as_logits(probabilities, True).softmax(1)
    torch.testing.assert_close(found, probabilities)
