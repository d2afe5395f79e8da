"""Against faster-coco-eval, a kept-up form of COCO's own code."""

import numpy as np
import pytest
from faster_coco_eval import COCO, COCOeval_faster
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeopt.domain.errors import BadInput
from edgeopt.tasks import keypoints
from edgeopt.tasks.average_precision import average_precision


def scene(seed, count=8):
    """Poses of some images, near the marked ones and far; crowds, bare truths, equal scores."""
    rng = np.random.default_rng(seed)
    truths, answers = [], []
    for i in range(count):
        m = 0 if i % 4 == 3 else int(rng.integers(1, 4))
        sides = rng.uniform(40, 160, (m, 1, 2))
        points = rng.uniform(0, 300, (m, 1, 2)) + rng.random((m, 17, 2)) * sides
        seen = rng.integers(0, 3, (m, 17, 1)) * (rng.random((m, 1, 1)) < 0.8)
        boxes = np.concatenate([points.min(axis=1), points.max(axis=1)], axis=1)
        areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1) * 0.6
        marked = np.concatenate([points * (seen > 0), seen], axis=2)
        truths.append(keypoints.marked(marked, boxes, areas, rng.random(m) < 0.15))
        moved = np.repeat(points, 2, axis=0)
        moved = moved + rng.normal(0, 1, moved.shape) * rng.choice([2, 8], (2 * m, 1, 1))
        moved = np.concatenate([moved, rng.uniform(0, 300, (2, 17, 2))])
        answers.append(keypoints.answered(moved, rng.integers(0, 8, len(moved)) / 8))
    return truths, answers


def library(truths, answers):
    """[10 similarities, 3 sizes]: the average precision."""
    images = range(1, len(truths) + 1)
    annotations, results = [], []
    for image, marked, found in zip(images, truths, answers, strict=True):
        for points, box, area, crowd in zip(
            marked.points, marked.boxes, marked.areas, marked.crowd, strict=True
        ):
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": image,
                    "category_id": 1,
                    "bbox": [*box[:2], *(box[2:] - box[:2])],
                    "area": float(area),
                    "iscrowd": int(crowd),
                    "keypoints": points.ravel().tolist(),
                    "num_keypoints": int((points[:, 2] > 0).sum()),
                }
            )
        for points, score in zip(found.points, found.scores, strict=True):
            whole = np.concatenate([points, np.full((17, 1), 2)], axis=1).ravel().tolist()
            one = {"image_id": image, "category_id": 1, "keypoints": whole, "score": float(score)}
            results.append(one)
    labels = COCO(
        {
            "info": {},
            "images": [{"id": i, "width": 0, "height": 0} for i in images],
            "categories": [{"id": 1, "name": "person", "keypoints": ["x"] * 17}],
            "annotations": annotations,
        },
        print_function=lambda *_: None,
    )
    judge = COCOeval_faster(
        labels, labels.loadRes(results), "keypoints", print_function=lambda *_: None
    )
    judge.evaluate()
    judge.accumulate()
    table = np.array(judge.eval["precision"])[:, :, 0, :, 0]
    assert judge.params.areaRngLbl == list(keypoints.POSE_SIZES)
    return np.where(table[:, 0] < 0, np.nan, table.mean(axis=1))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_average_precision_is_the_librarys(seed):
    truths, answers = scene(seed)
    matches = keypoints.match(truths, answers)
    wanted = library(truths, answers)
    for s, size in enumerate(keypoints.POSE_SIZES):
        found = average_precision(matches, size).by_overlap_and_class()[:, 0]
        np.testing.assert_allclose(found, wanted[:, s], atol=1e-9)


@pytest.mark.slow
@settings(max_examples=6)
@given(st.integers(0, 10_000))
def test_a_resample_is_the_metric_of_the_resampled(seed):
    truths, answers = scene(seed, 5)
    for answer in answers:  # of equal scores the order of the images would decide
        answer.scores[:] += np.random.default_rng(seed).random(len(answer.scores)) * 1e-3
    rng = np.random.default_rng(seed)
    whole = average_precision(keypoints.match(truths, answers))
    for _ in range(3):
        drawn = np.sort(rng.integers(5, size=5))
        taken = ([one[i] for i in drawn] for one in (truths, answers))
        wanted = average_precision(keypoints.match(*taken)).value()
        found = whole.value(np.bincount(drawn, minlength=5))
        np.testing.assert_allclose(found, wanted, atol=1e-9)


def test_similarity_by_its_formula():
    sigmas = np.array([0.05, 0.1])
    truth = keypoints.marked(
        np.array([[[10.0, 10, 2], [20, 20, 1]]]), np.array([[0.0, 0, 30, 30]]), np.array([400.0]),
        np.zeros(1, bool),
    )  # fmt: skip
    answer = keypoints.answered(np.array([[[12.0, 10], [20, 23]]]), np.ones(1))
    wanted = (np.exp(-4 / (2 * 400 * 0.1**2)) + np.exp(-9 / (2 * 400 * 0.2**2))) / 2
    assert keypoints.similarity(answer, truth, sigmas)[0, 0] == pytest.approx(wanted)


def points(seed, n=10, p=5):
    rng = np.random.default_rng(seed)
    truths = np.concatenate([rng.uniform(0, 100, (n, p, 2)), rng.integers(0, 3, (n, p, 1))], axis=2)
    return truths[..., :2] + rng.normal(0, 8, (n, p, 2)), truths


def test_what_does_not_fit():
    answers, truths = points(0)
    marked = keypoints.marked(truths, np.zeros((10, 4)), np.ones(10), np.zeros(10, bool))
    with pytest.raises(BadInput, match="the labels have 5 key points"):
        keypoints.similarity(
            keypoints.answered(answers, np.ones(10)), marked, keypoints.COCO_SIGMAS
        )
