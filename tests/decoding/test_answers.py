"""Heads whose answers are finished, and what comes with boxes: masks, key points, angles."""

from __future__ import annotations

import numpy as np
import pytest

from edgeopt import decoding
from edgeopt.decoding import (
    blazeface,
    centernet,
    detr,
    nms_inside,
    rotated,
    ssd,
    ssd_postprocess,
    yolo_end2end,
    yolo_obb,
    yolo_pose,
    yolo_seg,
)
from edgeopt.decoding.detections import Settings
from edgeopt.decoding.outputs import WrongHead
from tests.decoding import made

ALL = Settings(score=0, overlap=1.0, most=10**6, several=False)


def test_end_to_end_rows_are_answers():
    rows = made.outputs("yolo-end2end")["output0"]
    rows[0, 30:] = 0  # what fills the rest
    found = yolo_end2end.decode({"o": rows}, made.SIZE)
    np.testing.assert_array_equal(found.boxes, rows[0, :30, :4])
    np.testing.assert_array_equal(found.scores, rows[0, :30, 4])
    np.testing.assert_array_equal(found.classes, rows[0, :30, 5])


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (1, 0, 3, 2), (3, 2, 1, 0), (2, 0, 1, 3)])
def test_post_processed_in_any_order(order):
    arrays = list(made.outputs("ssd-postprocess").values())
    boxes, classes, scores, count = arrays
    renamed = {f"StatefulPartitionedCall:{i}": arrays[k] for i, k in enumerate(order)}
    found = ssd_postprocess.decode(renamed, made.SIZE)
    k = int(count[0])
    height, width = made.SIZE
    expected = boxes[0, :k][:, [1, 0, 3, 2]] * [width, height, width, height]
    np.testing.assert_allclose(found.boxes, expected, rtol=1e-6)
    np.testing.assert_array_equal(found.scores, scores[0, :k])
    np.testing.assert_array_equal(found.classes, classes[0, :k])
    assert ssd_postprocess.recognize([renamed], made.SIZE).level == "certain"


def test_post_processed_without_a_single_answer():
    outputs = made.outputs("ssd-postprocess")
    empty = {name: np.zeros_like(array) for name, array in outputs.items()}
    assert not len(ssd_postprocess.decode(empty, made.SIZE).scores)
    assert ssd_postprocess.recognize([empty], made.SIZE).level == "possible"
    assert ssd_postprocess.recognize([empty, outputs], made.SIZE).level == "certain"


def test_post_processed_with_outputs_named():
    outputs = made.outputs("ssd-postprocess")
    names = list(outputs)
    outputs[names[2]] = np.ones_like(outputs[names[2]])  # scores that could be classes
    outputs[names[1]] = np.zeros_like(outputs[names[1]])
    named = Settings(extra={"scores": names[2], "classes": names[1]})
    found = ssd_postprocess.decode(outputs, made.SIZE, named)
    assert found.scores.tolist() == [1.0] * 8
    assert set(found.classes) == {0}


FORMS = ["named", "EfficientNMS", "seven", "selected"]


@pytest.mark.parametrize("form", FORMS)
def test_suppression_inside_the_graph(form):
    boxes, scores, labels = made.outputs("nms-inside").values()
    boxes, scores = boxes[0], scores[0]
    outputs = {
        "named": {"labels": labels, "boxes": boxes, "scores": scores},
        "EfficientNMS": {
            "num_dets": np.array([[20]]),
            "det_boxes": np.concatenate([boxes, np.zeros((80, 4))])[None],
            "det_scores": np.concatenate([scores, np.zeros(80)])[None],
            "det_classes": np.concatenate([labels, np.zeros(80, int)])[None],
        },
        "seven": {"output": np.column_stack([np.zeros(20), boxes, labels, scores])},
        "selected": selected(boxes, scores, labels),
    }[form]
    found = nms_inside.decode(outputs, made.SIZE)
    np.testing.assert_array_equal(found.boxes, boxes)
    np.testing.assert_array_equal(found.scores, scores)
    np.testing.assert_array_equal(found.classes, labels)
    assert nms_inside.recognize([outputs], made.SIZE, made.CLASSES).level == "certain"


def selected(boxes, scores, labels):
    """All candidates, twice as many, and the indices that stay."""
    table = np.zeros((made.CLASSES, 40))
    table[labels, np.arange(20) * 2] = scores
    index = np.column_stack([np.zeros(20, int), labels, np.arange(20) * 2])
    return {
        "boxes": np.repeat(boxes, 2, axis=0)[None],
        "scores": table[None],
        "selected_indices": index,
    }


def test_labels_that_count_from_one():
    outputs = made.outputs("nms-inside")
    outputs["labels"] = outputs["labels"] + 1
    found = nms_inside.decode(outputs, made.SIZE, Settings(extra={"background": True}))
    np.testing.assert_array_equal(found.classes, made.outputs("nms-inside")["labels"])


def test_masks():
    """YOLACT's: a logit for each pixel of the input by bilinear interpolation, within the box."""
    outputs = made.outputs("yolo-seg")
    settings = Settings(score=0.3, overlap=0.7, most=3)
    found = yolo_seg.decode(outputs, made.SIZE, settings)
    planes = outputs["output1"][0].astype(np.float64)
    rows = outputs["output0"][0].T.astype(np.float64)
    assert len(found.scores) == 3
    for box, label, score, mask in zip(
        found.boxes, found.classes, found.scores, found.masks, strict=True
    ):
        (row,) = np.flatnonzero(rows[:, 4 + label] == score)
        logits = np.tensordot(rows[row, 7:], planes, 1)
        large = enlarged(logits, made.SIZE)
        y, x = np.mgrid[: made.SIZE[0], : made.SIZE[1]]
        inside = (x >= box[0]) & (x < box[2]) & (y >= box[1]) & (y < box[3])
        clear = np.abs(large) > 1e-9
        np.testing.assert_array_equal(mask[clear], ((large > 0) & inside)[clear])


def enlarged(plane, size):
    """Bilinear, by pixel centres, pixel by pixel (PyTorch's align_corners=False)."""
    found = np.zeros(size)
    for y, x in np.ndindex(size):
        v = min(max((y + 0.5) * plane.shape[0] / size[0] - 0.5, 0), plane.shape[0] - 1)
        u = min(max((x + 0.5) * plane.shape[1] / size[1] - 0.5, 0), plane.shape[1] - 1)
        top, left = int(v), int(u)
        bottom, right = min(top + 1, plane.shape[0] - 1), min(left + 1, plane.shape[1] - 1)
        a, b = v - top, u - left
        upper = (1 - b) * plane[top, left] + b * plane[top, right]
        found[y, x] = (1 - a) * upper + a * (
            (1 - b) * plane[bottom, left] + b * plane[bottom, right]
        )
    return found


def test_prototypes_with_their_planes_last():
    outputs = made.outputs("yolo-seg")
    turned = {**outputs, "output1": outputs["output1"].transpose(0, 2, 3, 1)}
    settings = Settings(score=0.5)
    first, second = (yolo_seg.decode(one, made.SIZE, settings) for one in (outputs, turned))
    np.testing.assert_array_equal(first.masks, second.masks)


@pytest.mark.parametrize("shares", [False, True])
def test_key_points(shares):
    outputs = made.outputs("yolo-pose")
    rows = outputs["output0"][0].T.astype(np.float64)
    height, width = made.SIZE
    if shares:
        scale = np.ones(56)
        scale[[0, 2, *range(5, 56, 3)]], scale[[1, 3, *range(6, 56, 3)]] = width, height
        outputs = {"o": (outputs["output0"].transpose(0, 2, 1) / scale).transpose(0, 2, 1)}
    found = yolo_pose.decode(outputs, made.SIZE, Settings(**{**vars(ALL), "classes": 1}))
    order = np.argsort(-rows[:, 4], kind="stable")
    expected = rows[order, 5:].reshape(-1, 17, 3)
    np.testing.assert_allclose(found.keypoints, expected, atol=1e-5 * np.abs(expected).max())


def test_rotated_boxes():
    outputs = made.outputs("yolo-obb")
    rows = outputs["output0"][0].T.astype(np.float64)
    found = yolo_obb.decode(outputs, made.SIZE, ALL)
    order = np.argsort(-rows[:, 4:7].max(axis=1), kind="stable")
    turned = rows[order][:, [0, 1, 2, 3, 7]]
    np.testing.assert_allclose(found.rotated, turned, atol=1e-9)
    np.testing.assert_allclose(found.boxes, rotated.enclosing(turned), atol=1e-9)
    fewer = yolo_obb.decode(outputs, made.SIZE, Settings(overlap=0.3))
    similar = np.triu(rotated.probiou(fewer.rotated, fewer.rotated), 1)
    same = fewer.classes[:, None] == fewer.classes[None, :]
    assert (similar[same] < 0.3).all()
    assert 10 < len(fewer.scores) < 420 * 3


def test_faces_that_overlap_are_averaged():
    outputs = made.outputs("blazeface")
    found = blazeface.decode(outputs, (128, 128), Settings(score=0.5, overlap=0.3))
    every = blazeface.candidates(outputs, (128, 128))
    assert 5 < len(found.scores) < (every.scores >= 0.5).sum()
    best = every.scores[:, 0].argmax()
    assert found.scores[0] == every.scores[best, 0]
    assert not np.allclose(found.boxes[0], every.boxes[best])
    assert np.allclose(found.keypoints[..., 2], 1)


def same(first, second):
    np.testing.assert_array_equal(first.boxes, second.boxes)
    np.testing.assert_array_equal(first.scores, second.scores)
    np.testing.assert_array_equal(first.classes, second.classes)


@pytest.mark.parametrize("form", ["channels last", "no names", "no names, channels last"])
def test_forms_of_centernet(form):
    outputs = made.outputs("centernet")
    if "channels last" in form:
        outputs = {name: array.transpose(0, 2, 3, 1) for name, array in outputs.items()}
    if "no names" in form:
        outputs = {f"Identity_{i}": outputs[name] for i, name in enumerate(("reg", "hm", "wh"))}
    same(
        centernet.decode(outputs, made.SIZE), centernet.decode(made.outputs("centernet"), made.SIZE)
    )
    assert centernet.recognize([outputs], made.SIZE).level == "certain"


def test_ssd_as_older_graphs_of_tensorflow_have_it():
    boxes, scores = made.outputs("ssd").values()
    outputs = {"class_logits": scores, "box_encodings": boxes[:, :, None]}
    same(ssd.decode(outputs, (300, 300)), ssd.decode(made.outputs("ssd"), (300, 300)))


def test_ssd_of_three_classes_has_two_outputs_of_four_columns():
    boxes, scores = made.outputs("ssd").values()
    probabilities = 1 / (1 + np.exp(-scores))
    for outputs in ({"a": boxes, "b": probabilities}, {"a": probabilities, "b": boxes}):
        found = ssd.candidates(outputs, (300, 300))
        np.testing.assert_allclose(found.scores, probabilities[0, :, 1:])
    with pytest.raises(WrongHead, match="neither names nor values tell offsets from scores"):
        ssd.decode({"a": boxes, "b": scores}, (300, 300))


def test_detr_of_three_classes_whose_boxes_leave_the_input_a_little():
    outputs = dict(reversed(made.outputs("detr").items()))
    outputs["pred_boxes"][0, 0, 0] = 1.04  # as integers may have it
    found = detr.candidates(outputs, made.SIZE)
    _, width = made.SIZE
    np.testing.assert_allclose(
        found.boxes[:, 2] - found.boxes[:, 0], outputs["pred_boxes"][0, :, 2] * width, rtol=1e-6
    )
    assert found.scores.shape == (100, made.CLASSES)


def test_blazeface_with_a_pair_of_outputs_for_each_grid():
    values, logits = made.outputs("blazeface").values()
    outputs = {
        "c1": values[:, 512:],
        "p1": logits[:, 512:],
        "c0": values[:, :512],
        "p0": logits[:, :512],
    }
    same(
        blazeface.decode(outputs, (128, 128)),
        blazeface.decode(made.outputs("blazeface"), (128, 128)),
    )


@pytest.mark.parametrize("head", sorted(decoding.HEADS))
def test_values_that_are_no_numbers_are_no_answers(head):
    """What int8 may do to a head: it answers nothing, and nothing is raised."""
    outputs = {
        name: np.full_like(array, np.nan) if array.dtype.kind == "f" else array
        for name, array in made.outputs(head).items()
    }
    with np.errstate(all="ignore"):
        try:
            found = decoding.load(head).decode(outputs, made.size_of(head))
        except WrongHead:
            return
    assert not np.isfinite(found.scores).any()
