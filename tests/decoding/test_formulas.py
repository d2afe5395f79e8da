"""Each head's candidates equal its family's published formula, box by box in float64.

Each formula is written out here from the paper or the reference code named at its function.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from edgeopt import decoding
from edgeopt.decoding import (
    blazeface,
    centernet,
    detr,
    nanodet,
    ssd,
    ssd_anchors,
    yolo_anchors,
    yunet,
)
from edgeopt.decoding.detections import Settings
from edgeopt.decoding.outputs import WrongHead
from tests.decoding import made


def assert_equal(own, expected):
    """Within 1e-5 of the largest value."""
    own, expected = np.asarray(own, np.float64), np.asarray(expected, np.float64)
    assert own.shape == expected.shape
    assert np.abs(own - expected).max() <= 1e-5 * np.abs(expected).max()


def corners(x, y, w, h):
    return [x - w / 2, y - h / 2, x + w / 2, y + h / 2]


def sigmoid(value):
    return 1 / (1 + math.exp(-value))


def mean_bin(logits):
    """The expectation over bins 0, 1, 2 ... (generalized focal loss, arXiv 2006.04388, eq. 6)."""
    powers = [math.exp(value) for value in logits]
    return sum(i * power for i, power in enumerate(powers)) / sum(powers)


def rows_of(head, name):
    return made.outputs(head)[name][0].astype(np.float64)


def candidates(head):
    return decoding.load(head).candidates(made.outputs(head), made.size_of(head))


def test_yolo():
    """Ultralytics' exported head: xywh in pixels, then probabilities."""
    found, rest = candidates("yolo")
    columns = rows_of("yolo", "output0").T
    assert_equal(found.boxes, [corners(*row[:4]) for row in columns])
    assert_equal(found.scores, columns[:, 4:])
    assert rest.shape == (420, 0)


def test_yolo_in_shares_of_the_input():
    outputs = made.outputs("yolo")
    shares = outputs["output0"].copy()
    height, width = made.SIZE
    shares[0, :4] /= np.array([[width], [height], [width], [height]], np.float32)
    found, _ = decoding.load("yolo").candidates({"out": shares}, made.SIZE)
    assert_equal(found.boxes, candidates("yolo")[0].boxes)


def test_yolo_with_objectness():
    """YOLOv5's `Detect` of an export: the class's probability times the object's."""
    found = candidates("yolo-objectness")
    rows = rows_of("yolo-objectness", "output")
    assert len(rows) == 3 * 420
    assert_equal(found.boxes, [corners(*row[:4]) for row in rows])
    assert_equal(found.scores, [[row[4] * p for p in row[5:]] for row in rows])


@pytest.mark.parametrize("form", ["together", "apart"])
def test_yolo_with_anchors(form):
    """YOLOv5's `Detect.forward`: xy = (2 s - 0.5 + grid) * stride, wh = (2 s)^2 * anchor."""
    outputs = made.outputs("yolo-anchors")
    grids = [array[0].astype(np.float64) for array in outputs.values()]
    if form == "apart":
        outputs = {
            f"o{i}": g.reshape(3, 8, *g.shape[1:]).transpose(0, 2, 3, 1)[None]
            for i, g in enumerate(grids)
        }
    found = yolo_anchors.candidates(outputs, made.SIZE)
    boxes, scores = [], []
    for grid, anchors, (rows, columns, s) in zip(grids, yolo_anchors.V5, made.GRIDS, strict=True):
        for a, row, column in np.ndindex(3, rows, columns):
            t = [sigmoid(value) for value in grid[8 * a : 8 * a + 8, row, column]]
            x, y = (2 * t[0] - 0.5 + column) * s, (2 * t[1] - 0.5 + row) * s
            boxes.append(
                corners(x, y, (2 * t[2]) ** 2 * anchors[a][0], (2 * t[3]) ** 2 * anchors[a][1])
            )
            scores.append([t[4] * p for p in t[5:]])
    assert_equal(found.boxes, boxes)
    assert_equal(found.scores, scores)


def test_anchors_of_another_number_of_strides_are_refused():
    settings = Settings(extra={"anchors": yolo_anchors.V7[:2]})
    with pytest.raises(WrongHead, match=r"3 strides, but the anchors are of shape \[2, 3, 2\]"):
        yolo_anchors.decode(made.outputs("yolo-anchors"), made.SIZE, settings)


def test_yolox():
    """YOLOX's `decode_outputs` (arXiv 2107.08430): (t + grid) * stride, exp(t) * stride."""
    found = candidates("yolox")
    rows, cells = rows_of("yolox", "output"), made.cells(offset=0)
    boxes = [
        corners(r[0] * s + x, r[1] * s + y, math.exp(r[2]) * s, math.exp(r[3]) * s)
        for r, (x, y, s) in zip(rows, cells, strict=True)
    ]
    assert_equal(found.boxes, boxes)
    assert_equal(found.scores, [[row[4] * p for p in row[5:]] for row in rows])


def dfl(point, stride, logits, bins):
    away = [mean_bin(logits[i * bins : (i + 1) * bins]) * stride for i in range(4)]
    return [point[0] - away[0], point[1] - away[1], point[0] + away[2], point[1] + away[3]]


def test_yolo_cut_off_before_its_decode():
    """YOLOv8's head: 16 bins a side, points in the middle of cells."""
    outputs = made.outputs("yolo-dfl")
    rows = [
        outputs[f"out{stride}"][0, :, row, column].astype(np.float64)
        for rows, columns, stride in made.GRIDS
        for row in range(rows)
        for column in range(columns)
    ]
    boxes = [dfl((x, y), s, r[:64], 16) for r, (x, y, s) in zip(rows, made.cells(), strict=True)]
    found = candidates("yolo-dfl")
    assert_equal(found.boxes, boxes)
    assert_equal(found.scores, [[sigmoid(value) for value in row[64:]] for row in rows])


@pytest.mark.parametrize("form", ["channels last", "apart", "apart with sums", "one table"])
def test_forms_of_the_same_head_give_the_same(form):
    outputs = made.outputs("yolo-dfl")
    stacked = list(outputs.values())
    changed = {
        "channels last": {f"o{i}": a.transpose(0, 2, 3, 1) for i, a in enumerate(stacked)},
        "apart": {
            f"o{i}{j}": part for i, a in enumerate(stacked) for j, part in enumerate(parts(a))
        },
        "apart with sums": {
            f"o{i}{j}": part
            for i, a in enumerate(stacked)
            for j, part in enumerate([*parts(a), parts(a)[1].sum(axis=1, keepdims=True)])
        },
        "one table": {"o": np.concatenate([a.reshape(1, 67, -1) for a in stacked], axis=2)},
    }[form]
    again = decoding.load("yolo-dfl").candidates(changed, made.SIZE)
    assert_equal(again.boxes, candidates("yolo-dfl").boxes)
    assert_equal(again.scores, candidates("yolo-dfl").scores)


def parts(array):
    return array[:, :64], array[:, 64:]


@pytest.mark.parametrize(
    ("grids", "offset"), [(made.GRIDS, 0.5), (made.FINER, 0.0)], ids=["NanoDet", "NanoDet-Plus"]
)
def test_nanodet(grids, offset):
    """NanoDet's and NanoDet-Plus' `get_bboxes`: 8 bins a side, scores first."""
    rng = np.random.default_rng(3)
    cells = made.cells(grids, offset)
    rows = np.concatenate([made.scores(rng, len(cells), 3), rng.normal(size=(len(cells), 32))], 1)
    found = nanodet.candidates({"out": rows[None].astype(np.float32)}, made.SIZE)
    boxes = [dfl((x, y), s, r[3:], 8) for r, (x, y, s) in zip(rows, cells, strict=True)]
    assert_equal(found.boxes, boxes)
    assert_equal(found.scores, rows[:, :3])


def test_picodet():
    """PaddleDetection's PicoDet: as NanoDet, in the middle of cells, outputs apart."""
    outputs = made.outputs("nanodet")
    distances = np.concatenate([outputs[f"boxes{i}"][0] for i in range(4)]).astype(np.float64)
    cells = made.cells(made.FINER)
    boxes = [dfl((x, y), s, r, 8) for r, (x, y, s) in zip(distances, cells, strict=True)]
    found = candidates("nanodet")
    assert_equal(found.boxes, boxes)
    assert_equal(found.scores, np.concatenate([outputs[f"scores{i}"][0] for i in range(4)]))


def test_ssd():
    """TensorFlow's `FasterRcnnBoxCoder`: offsets in tenths and fifths of the anchor."""
    found = candidates("ssd")
    outputs = made.outputs("ssd")
    offsets, scores = (array[0].astype(np.float64) for array in outputs.values())
    boxes = [
        corners(
            (tx / 10 * w + x) * 300,
            (ty / 10 * h + y) * 300,
            math.exp(tw / 5) * w * 300,
            math.exp(th / 5) * h * 300,
        )
        for (ty, tx, th, tw), (x, y, w, h) in zip(offsets, ssd_anchors.ssd((300, 300)), strict=True)
    ]
    assert_equal(found.boxes, boxes)
    assert_equal(found.scores, [[sigmoid(value) for value in row[1:]] for row in scores])
    softmax = decoding.load("ssd").DEFAULTS.extra | {"activation": "softmax"}
    settings = Settings(extra=softmax)
    powers = np.exp(scores)
    expected = (powers / powers.sum(axis=1, keepdims=True))[:, 1:]
    assert_equal(ssd.candidates(outputs, (300, 300), settings).scores, expected)


def test_anchors_of_tensorflow():
    """The first cells of `ssd_mobilenet_v2`'s anchors, from the settings of its pipeline.config."""
    anchors = ssd_anchors.ssd((300, 300))
    assert len(anchors) == 1917
    assert len(ssd_anchors.ssd((320, 320))) == 2034
    scale, step = 0.2, 0.15
    half, root = 0.5 / 19, math.sqrt(2)
    first = [
        (half, half, 0.1, 0.1),
        (half, half, scale * root, scale / root),
        (half, half, scale / root, scale * root),
    ]
    assert_equal(anchors[:3], first)
    last = anchors[-1]  # of the one cell of the last layer: between 0.95 and 1
    assert_equal(last, (0.5, 0.5, math.sqrt(0.95), math.sqrt(0.95)))
    second = anchors[19 * 19 * 3 + 3]  # the ratio 3 of the second layer
    assert_equal(second[2:], ((scale + step) * math.sqrt(3), (scale + step) / math.sqrt(3)))


def test_centernet():
    """CenterNet's `ctdet_decode` (arXiv 1904.07850, section 4.1), cell by cell."""
    outputs = made.outputs("centernet")
    heat, sizes, offsets = (outputs[n][0].astype(np.float64) for n in ("hm", "wh", "reg"))
    expected = []
    for c, row, column in np.ndindex(heat.shape):
        near = heat[c, max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2]
        if heat[c, row, column] == near.max():
            x, y = column + offsets[0, row, column], row + offsets[1, row, column]
            w, h = sizes[:, row, column]
            expected.append(
                (sigmoid(heat[c, row, column]), c, *(4 * v for v in corners(x, y, w, h)))
            )
    expected = np.array(sorted(expected, key=lambda one: -one[0])[:100])
    found = centernet.decode(outputs, made.SIZE)
    assert len(found.scores) == 100
    assert_equal(found.scores, expected[:, 0])
    np.testing.assert_array_equal(found.classes, expected[:, 1])
    assert_equal(found.boxes, expected[:, 2:])


def test_centernet_of_four_sides():
    """TTFNet's `get_bboxes` (arXiv 1909.00700, section 4.2), as `@vladmandic/human` has it.

    Its graph ends so: 4 * column - left, 4 * row - top, 4 * column + right, 4 * row + bottom.
    """
    rng = np.random.default_rng(5)
    heat = 1 / (1 + np.exp(-rng.normal(-3, 2, (80, 40, 40))))
    sides = rng.uniform(0, 90, (4, 40, 40))
    outputs = {"keypoints": heat[None], "wh": sides[None]}
    expected = []
    for c, row, column in np.ndindex(heat.shape):
        near = heat[c, max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2]
        if heat[c, row, column] == near.max():
            left, top, right, bottom = sides[:, row, column]
            x, y = 4 * column, 4 * row
            expected.append((heat[c, row, column], c, x - left, y - top, x + right, y + bottom))
    expected = np.array(sorted(expected, key=lambda one: -one[0])[:100])
    for turn in ((0, 1, 2, 3), (0, 2, 3, 1)):
        turned = {name: array.transpose(turn) for name, array in outputs.items()}
        found = centernet.decode(turned, (160, 160))
        assert_equal(found.scores, expected[:, 0])
        np.testing.assert_array_equal(found.classes, expected[:, 1])
        assert_equal(found.boxes, expected[:, 2:])
        assert centernet.recognize([turned], (160, 160)).level == "possible"
    for wrong in (
        {"heat": heat[None], "wh": sides[None, :3]},
        {"heat": heat[None], "wh": sides[None, :, ::2]},
        {"a": sides[None], "b": sides[None]},
    ):
        with pytest.raises(WrongHead, match="four sides"):
            centernet.decode(wrong, (160, 160))


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
def test_detr(activation):
    """DETR's and Deformable DETR's `PostProcess`, which RT-DETR has, too."""
    outputs = made.outputs("detr")
    if activation == "sigmoid":
        outputs["logits"] = outputs["logits"][:, :, :-1]
    logits, boxes = (array[0].astype(np.float64) for array in outputs.values())
    found = detr.candidates(outputs, made.SIZE)
    height, width = made.SIZE
    assert_equal(
        found.boxes, [corners(x * width, y * height, w * width, h * height) for x, y, w, h in boxes]
    )
    if activation == "sigmoid":
        expected = [[sigmoid(value) for value in row] for row in logits]
    else:
        expected = [[math.exp(v) / sum(map(math.exp, row)) for v in row[:-1]] for row in logits]
    assert_equal(found.scores, expected)
    answers = detr.decode(outputs, made.SIZE)
    best = np.sort(np.ravel(expected))[::-1][:300]
    assert_equal(answers.scores, best[best >= 0.001])  # none suppresses another


def test_blazeface():
    """MediaPipe's `TensorsToDetectionsCalculator` with `face_detection_short_range`'s settings."""
    found = candidates("blazeface")
    values, logits = (a[0].astype(np.float64) for a in made.outputs("blazeface").values())
    centers = [
        ((column + 0.5) * stride, (row + 0.5) * stride)
        for stride, anchors in ((8, 2), (16, 6))
        for row in range(128 // stride)
        for column in range(128 // stride)
        for _ in range(anchors)
    ]
    boxes = [
        corners(v[0] + x, v[1] + y, v[2], v[3]) for v, (x, y) in zip(values, centers, strict=True)
    ]
    assert_equal(found.boxes, boxes)
    points = [
        [(v[4 + 2 * k] + x, v[5 + 2 * k] + y, 1) for k in range(6)]
        for v, (x, y) in zip(values, centers, strict=True)
    ]
    assert_equal(found.keypoints, points)
    assert_equal(found.scores[:, 0], [sigmoid(value) for value in logits[:, 0]])
    assert len(ssd_anchors.blaze((192, 192), 2304)) == 2304
    assert blazeface.recognize([made.outputs("blazeface")], (192, 192)).level == "no"


def test_yunet():
    """OpenCV's `FaceDetectorYN` (modules/objdetect/src/face_detect.cpp, `postProcess`)."""
    outputs = made.outputs("yunet")
    cells = made.cells(offset=0)
    joined = {
        kind: np.concatenate([outputs[f"{kind}_{s}"][0] for s in (8, 16, 32)]).astype(np.float64)
        for kind in ("cls", "obj", "bbox", "kps")
    }
    boxes, points = [], []
    for box, places, (x, y, s) in zip(joined["bbox"], joined["kps"], cells, strict=True):
        w, h = math.exp(box[2]) * s, math.exp(box[3]) * s
        boxes.append(corners(x + box[0] * s, y + box[1] * s, w, h))
        points.append([(places[2 * k] * s + x, places[2 * k + 1] * s + y, 1) for k in range(5)])
    found = yunet.candidates(outputs, made.SIZE)
    assert_equal(found.boxes, boxes)
    assert_equal(found.keypoints, points)
    assert_equal(found.scores, np.sqrt(joined["cls"] * joined["obj"]))
