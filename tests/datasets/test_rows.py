"""Detections behind which there is padding: their order says nothing."""

import numpy as np
import pytest

from edgeopt.datasets.metrics import metric
from edgeopt.datasets.rows import are_sets, in_order
from edgeopt.domain.errors import StepFailed
from edgeopt.pipeline.parity_check import parity


def detections(padding=-1.0, rows=20, n=40, seed=0):
    """[n, 1, rows, 6]: x, y, x, y, score, class, by falling score, then padding."""
    rng = np.random.default_rng(seed)
    found = np.full((n, 1, rows, 6), padding, np.float32)
    for i in range(n):
        count = rng.integers(2, rows - 2)
        boxes = rng.uniform(0, 640, (count, 4))
        scores = np.sort(rng.uniform(0.3, 1, count))[::-1]
        found[i, 0, :count] = np.column_stack([boxes, scores, rng.integers(0, 9, count)])
    return found


def swapped(answers, every=3):
    """Neighbours in places that are nearly equal in score have changed places."""
    own = answers.copy()
    for i in range(len(own)):
        for first in range(i % 2, 2, every):
            own[i, 0, [first, first + 1]] = own[i, 0, [first + 1, first]]
    return own


@pytest.mark.parametrize("padding", [-1.0, 0.0])
@pytest.mark.parametrize("kind", ["float", "integer", "without an axis of one"])
def test_rows_that_change_places_are_no_error(padding, kind):
    answers = detections(padding)
    if kind == "integer":
        answers = np.round(answers * 3).astype(np.int64) // (1 if padding == 0 else 3)
    if kind == "without an axis of one":
        answers = answers[:, 0]
    own = swapped(answers.reshape(40, 1, 20, 6)).reshape(answers.shape)
    assert are_sets(answers)
    assert not np.array_equal(own, answers)
    assert np.array_equal(in_order(own, answers), answers)
    assert parity("fp32", {"y": own}, {"y": answers}).sqnr_db is None
    judge = metric("agreement", None, answers)
    assert judge.value(own, answers) == 1


def test_boxes_that_are_wrong_are_refused_all_the_same():
    answers = detections()
    wrong = answers.copy()
    wrong[..., :4] = np.where(answers[..., :4] < 0, -1, 640 - answers[..., :4])
    with pytest.raises(StepFailed):
        parity("fp16", {"y": wrong}, {"y": answers})
    assert metric("agreement", None, answers).value(wrong, answers) < 0.9
    others = detections(seed=1)
    with pytest.raises(StepFailed):
        parity("fp16", {"y": others}, {"y": answers})


def test_a_detection_that_is_missing_or_too_much_is_an_error():
    answers = detections()
    fewer = answers.copy()
    fewer[:, 0, :-1] = answers[:, 0, 1:]  # the first is gone, and all others have moved up
    found = in_order(fewer, answers)
    assert np.array_equal(found[:, 0, 1:], answers[:, 0, 1:])
    assert (found[:, 0, 0] == -1).all()
    assert metric("agreement", None, answers).value(fewer, answers) < 0.99
    back = in_order(answers, fewer)
    counts = (fewer[:, 0, :, 4] >= 0).sum(axis=1)
    assert all(np.array_equal(back[i, 0, :c], fewer[i, 0, :c]) for i, c in enumerate(counts))
    assert metric("agreement", None, fewer).value(answers, fewer) < 0.99


def test_steps_of_a_padded_sequence_keep_their_order():
    rng = np.random.default_rng(0)
    steps = rng.normal(size=(40, 20, 16))
    lengths = rng.integers(3, 18, 40)
    steps[np.arange(20) >= lengths[:, None]] = 0
    assert not are_sets(steps)
    steps[..., 3] = np.where(steps[..., 3] != 0, np.linspace(1, 0.1, 20), 0)
    assert are_sets(steps)  # a score that falls, beside a mask's coefficients


@pytest.mark.parametrize(
    "answers",
    [
        np.random.default_rng(0).normal(size=(30, 1, 20, 6)),
        np.maximum(np.random.default_rng(0).normal(size=(30, 4, 20, 6)), 0),
        np.random.default_rng(0).integers(0, 5, (30, 6)),
        np.zeros((30, 20, 6)),
        np.pad(np.random.default_rng(0).normal(size=(30, 9, 6)), ((0, 0), (0, 3), (0, 0))),
    ],
)
def test_rows_without_a_padding_that_varies_are_no_set(answers):
    assert not are_sets(answers)


def maps(n=40, side=24, seed=0):
    """[n, 1, side, side]: a spot of text in each; one runtime's sigmoid ends in zeros below it."""
    rng = np.random.default_rng(seed)
    found = np.zeros((n, 1, side, side), np.float32)
    for i in range(n):
        top, left = rng.integers(2, side // 2, 2)
        found[i, 0, top : top + 6, left : left + 9] = rng.uniform(0.5, 1, (6, 9))
    return found


def test_a_map_whose_lower_rows_are_zero_is_no_set():
    source = maps()
    faint = source + np.float32(1e-9) * np.random.default_rng(1).random(source.shape, np.float32)
    assert not are_sets(source)
    assert parity("fp32", {"y": faint}, {"y": source}).sqnr_db > 100


def test_what_is_faint_in_a_column_that_says_nothing_likens_no_rows():
    source = maps()
    faint = source + np.float32(1e-9) * np.random.default_rng(1).random(source.shape, np.float32)
    assert np.abs(in_order(faint, source) - source).max() < 1e-8


def test_a_score_that_is_the_same_in_all_rows_orders_none():
    steps = np.random.default_rng(0).standard_normal((40, 12, 9)).astype(np.float32)
    steps[..., 4] = 1.0
    for i in range(40):
        steps[i, 3 + i % 8 :] = 0
    assert not are_sets(steps)
