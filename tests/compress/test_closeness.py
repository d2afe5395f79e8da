"""The distance of values: every part of every output counts alike, whatever its unit."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from edgeopt.compress.closeness import closeness

ROWS = np.arange(3)


def distance(student, source, rows=ROWS):
    found = [one.distance(student, source, rows) for one in closeness(0, "output", source)]
    return float(torch.stack(found).mean())


@given(st.floats(1e-3, 1e3))
def test_it_has_no_unit(scale):
    student, source = torch.tensor([[1.0], [2.0], [4.0]]), torch.tensor([[1.0], [3.0], [5.0]])
    expected = distance(student, source)
    assert expected == pytest.approx(2 / 3 / (8 / 3))  # squares by variance
    assert distance(scale * student, scale * source) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("shape", [(64, 5), (64, 3, 4, 4), (64, 7)])
def test_the_mean_of_each_place_is_one_unit_away(shape):
    torch.manual_seed(0)
    source = torch.randn(*shape) + torch.linspace(-9, 9, shape[-1])
    mean = source.mean(0, keepdim=True).expand_as(source)
    assert distance(mean, source, np.arange(64)) == pytest.approx(1, rel=1e-4)


def table(count=32, points=60):
    """[n, 4 + 3, points] like a detector's: pixels, and seldom a score."""
    torch.manual_seed(0)
    boxes = torch.rand(count, 4, points) * 300
    scores = (torch.rand(count, 3, points) < 0.1) * torch.rand(count, 3, points)
    return torch.cat([boxes, scores], 1)


@pytest.mark.parametrize("turned", [False, True])
def test_scores_count_as_much_as_pixels_beside_them(turned):
    source, rows = table(), np.arange(32)

    deaf, astray = source.clone(), source.clone()
    deaf[:, 4:] = source[:, 4:].mean(0)
    astray[:, :4] = source[:, :4].mean(0)
    if turned:
        source, deaf, astray = (each.transpose(1, 2) for each in (source, deaf, astray))
    parts = closeness(0, "output", source)
    assert [one.part.slices for one in parts] == [(0, 1, 2, 3), (4, 5, 6)]
    assert distance(deaf, source, rows) == pytest.approx(0.5, rel=1e-3)
    assert distance(astray, source, rows) == pytest.approx(0.5, rel=1e-3)


def test_scores_of_what_never_occurred_train_too():
    source = table()
    source[:, 5] = 0
    (pixels, scores) = closeness(0, "output", source)
    assert pixels.part.slices == (0, 1, 2, 3)
    assert scores.part.slices == (4, 5, 6)
    false = source.clone()
    false[:, 5] = 1
    assert distance(false, source, np.arange(32)) > 1


def test_what_the_source_leaves_infinite_does_not_count():
    source = torch.randn(3, 4, 6)
    source[:, :, 5] = -torch.inf
    source[1, 2, 3] = torch.nan
    student = source.clone().requires_grad_()
    (one,) = closeness(0, "output", source)
    loss = one.distance(student, source, ROWS)
    loss.backward()
    assert float(loss) == 0
    assert torch.isfinite(student.grad).all()


def test_what_never_varies_has_a_unit():
    source = torch.full((3, 4), 7.0)
    assert distance(source, source) == 0
    assert np.isfinite(distance(source + 0.007, source))
