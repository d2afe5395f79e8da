"""Suppression equals ONNX Runtime's NonMaxSuppression; rotated boxes a clipping of polygons."""

from __future__ import annotations

import functools
from dataclasses import replace

import numpy as np
import pytest

from edgeopt.decoding import boxes, nms, rotated
from edgeopt.decoding.detections import Candidates, Settings


def random_boxes(rng, count):
    start = rng.uniform(0, 100, (count, 2))
    return np.concatenate([start, start + rng.uniform(5, 60, (count, 2))], axis=1)


@functools.cache
def onnx_session():
    import onnx
    import onnxruntime
    from onnx import helper

    names = ["boxes", "scores", "most", "overlap", "score"]
    node = helper.make_node("NonMaxSuppression", names, ["selected"])
    kinds = [onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT, onnx.TensorProto.INT64]
    kinds += [onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT]
    shapes = [[1, None, 4], [1, None, None], [1], [1], [1]]
    inputs = [helper.make_tensor_value_info(*one) for one in zip(names, kinds, shapes, strict=True)]
    output = helper.make_tensor_value_info("selected", onnx.TensorProto.INT64, [None, 3])
    graph = helper.make_graph([node], "nms", inputs, [output])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=9)
    return onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )


def by_onnxruntime(found, scores, overlap, least):
    """Pairs (class, box) that stay."""
    given = {
        "boxes": found[None].astype(np.float32),
        "scores": scores.T[None].astype(np.float32),
        "most": np.array([10**6]),
        "overlap": np.array([overlap], np.float32),
        "score": np.array([least], np.float32),
    }
    (selected,) = onnx_session().run(None, given)
    return {(int(label), int(box)) for _, label, box in selected}


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("overlap", [0.3, 0.5, 0.7])
def test_equals_onnx_runtimes(seed, overlap):
    rng = np.random.default_rng(seed)
    found = random_boxes(rng, 200).astype(np.float32).astype(np.float64)
    scores = rng.random((200, 3)).astype(np.float32).astype(np.float64)
    settings = Settings(score=0.25, overlap=overlap, most=10**6)
    answers, row = nms.select(Candidates(found, scores), settings)
    own = set(zip(answers.classes.tolist(), row.tolist(), strict=True))
    assert own == by_onnxruntime(found, scores, overlap, 0.25)
    assert 50 < len(own) < 450
    np.testing.assert_array_equal(answers.scores, scores[row, answers.classes])


def test_of_equal_scores_the_first_stays():
    found = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [0, 0, 10, 10.0]])
    assert nms.greedy(found, np.ones(3), None, 0.5).tolist() == [0]
    assert by_onnxruntime(found, np.ones((3, 1)), 0.5, 0.1) == {(0, 0)}


def test_an_overlap_as_large_as_the_limit_stays():
    found = np.array([[0, 0, 4, 4], [0, 0, 4, 2.0]])  # one half of each other
    assert nms.greedy(found, np.array([0.9, 0.8]), None, 0.5).tolist() == [0, 1]
    assert by_onnxruntime(found, np.array([[0.9], [0.8]]), 0.5, 0.1) == {(0, 0), (0, 1)}


def test_what_went_suppresses_nothing_but_in_fast_nms():
    chain = np.array([[0, 0, 10, 10], [4, 0, 14, 10], [8, 0, 18, 10.0]])  # 0-1 and 1-2 overlap
    scores = np.array([0.9, 0.8, 0.7])
    assert nms.greedy(chain, scores, None, 0.3).tolist() == [0, 2]
    assert nms.fast(chain, scores, None, 0.3, similarity=boxes.iou).tolist() == [0]


def test_classes_suppress_each_other_where_asked():
    found = np.array([[0, 0, 10, 10], [0, 0, 10, 9.0]])
    candidates = Candidates(found, np.array([[0.9, 0.0], [0.0, 0.8]]))
    apart, _ = nms.select(candidates, Settings())
    assert apart.classes.tolist() == [0, 1]
    together, _ = nms.select(candidates, Settings(across=True))
    assert together.classes.tolist() == [0]


def test_one_answer_a_box_or_several():
    candidates = Candidates(np.array([[0, 0, 10, 10.0]]), np.array([[0.4, 0.6]]))
    assert nms.select(candidates, Settings())[0].classes.tolist() == [1, 0]
    assert nms.select(candidates, Settings(several=False))[0].classes.tolist() == [1]


def test_limits():
    rng = np.random.default_rng(0)
    candidates = Candidates(random_boxes(rng, 300), rng.random((300, 2)))
    settings = Settings(overlap=1.0)
    every = np.sort(candidates.scores.ravel())[::-1]
    assert nms.select(candidates, settings)[0].scores.tolist() == every[:300].tolist()
    few, _ = nms.select(candidates, replace(settings, most=20))
    assert few.scores.tolist() == every[:20].tolist()
    looked_at, _ = nms.select(candidates, replace(settings, candidates=15))
    assert looked_at.scores.tolist() == every[:15].tolist()
    assert not len(nms.select(candidates, replace(settings, score=2.0))[0].scores)


def test_weighted_is_the_mean_of_what_overlaps():
    """MediaPipe's `NonMaxSuppressionCalculator`, algorithm WEIGHTED."""
    found = np.array([[0, 0, 10, 10], [50, 50, 60, 60], [0, 1, 10, 11.0]])
    scores = np.array([0.75, 0.5, 0.25])
    values, keep = nms.weighted(found, found, scores, 0.3)
    assert keep.tolist() == [0, 1]
    np.testing.assert_allclose(values, [[0, 0.25, 10, 10.25], [50, 50, 60, 60]], atol=1e-12)


def test_formats_of_boxes():
    rng = np.random.default_rng(0)
    found = random_boxes(rng, 20)
    np.testing.assert_allclose(boxes.from_centers(boxes.to_centers(found)), found)
    sides = np.concatenate([found[:, :2], found[:, 2:] - found[:, :2]], axis=1)
    np.testing.assert_allclose(boxes.from_corner_and_sides(sides), found)
    np.testing.assert_allclose(boxes.swapped(boxes.swapped(found)), found)
    overlap = boxes.iou(found, found)
    np.testing.assert_allclose(np.diag(overlap), 1)
    np.testing.assert_allclose(overlap, overlap.T)
    assert boxes.iou(np.zeros((1, 4)), np.zeros((1, 4))).tolist() == [[0]]


def clipped(subject, clip):
    """Sutherland and Hodgman's intersection of two convex polygons, corner lists."""
    for (x1, y1), (x2, y2) in zip(clip, [*clip[1:], clip[0]], strict=True):
        kept = []

        def side(point, x1=x1, y1=y1, x2=x2, y2=y2):
            return (x2 - x1) * (point[1] - y1) - (y2 - y1) * (point[0] - x1)

        for one, two in zip(subject, [*subject[1:], *subject[:1]], strict=True):
            a, b = side(one), side(two)
            if a >= 0:
                kept.append(one)
            if a * b < 0:
                share = a / (a - b)
                kept.append(tuple(p + share * (q - p) for p, q in zip(one, two, strict=True)))
        subject = kept
    return subject


def area(polygon):
    pairs = zip(polygon, [*polygon[1:], *polygon[:1]], strict=True)
    return sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairs) / 2


def polygon_of(box):
    x, y, w, h, angle = box
    cos, sin = np.cos(angle), np.sin(angle)
    around = [(-w / 2, -h / 2), (w / 2, -h / 2), (w / 2, h / 2), (-w / 2, h / 2)]
    return [(x + a * cos - b * sin, y + a * sin + b * cos) for a, b in around]


def random_rotated(rng, count):
    return np.concatenate(
        [rng.uniform(0, 50, (count, 2)), rng.uniform(3, 60, (count, 2)),
         rng.uniform(-np.pi, np.pi, (count, 1))], axis=1,
    )  # fmt: skip


def test_overlap_of_rotated_boxes_equals_a_clipping_of_polygons():
    rng = np.random.default_rng(0)
    first, second = random_rotated(rng, 30), random_rotated(rng, 30)
    first[0], second[0] = second[1], second[1]  # the same box
    first[1, 4] = second[1, 4] = 0
    second[2] = [*first[2, :4], first[2, 4] + np.pi / 2]
    own = rotated.iou(first, second)
    expected = np.zeros((30, 30))
    for i, j in np.ndindex(30, 30):
        common = area(clipped(polygon_of(first[i]), polygon_of(second[j])))
        expected[i, j] = common / (np.prod(first[i, 2:4]) + np.prod(second[j, 2:4]) - common)
    np.testing.assert_allclose(own, expected, atol=1e-7)
    assert (expected > 0.05).sum() > 100


def test_upright_boxes_are_rotated_by_nothing():
    rng = np.random.default_rng(0)
    found = random_boxes(rng, 15)
    turned = np.concatenate([boxes.to_centers(found), np.zeros((15, 1))], axis=1)
    np.testing.assert_allclose(rotated.iou(turned, turned), boxes.iou(found, found), atol=1e-9)
    np.testing.assert_allclose(rotated.enclosing(turned), found)


def test_probiou():
    """Written out from arXiv 2106.06072, with matrices: Bhattacharyya's distance of Gaussians."""
    rng = np.random.default_rng(0)
    first, second = random_rotated(rng, 12), random_rotated(rng, 12)
    expected = np.zeros((12, 12))
    for i, j in np.ndindex(12, 12):
        (p, one), (q, two) = gaussian(first[i]), gaussian(second[j])
        both = (one + two) / 2
        apart = (p - q) @ np.linalg.inv(both) @ (p - q) / 8
        dets = np.linalg.det(one) * np.linalg.det(two)
        apart += np.log(np.linalg.det(both) / np.sqrt(dets)) / 2
        expected[i, j] = 1 - np.sqrt(1 - np.exp(-apart))
    np.testing.assert_allclose(rotated.probiou(first, second), expected, atol=1e-4)


def gaussian(box):
    x, y, w, h, angle = box
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.array([x, y]), turn @ np.diag([w**2 / 12, h**2 / 12]) @ turn.T
