"""Outputs as the models of each family give them, random but of the right shapes and ranges."""

from __future__ import annotations

import numpy as np

SIZE = (128, 160)  # height and width differ, so that no swap goes unseen
GRIDS = [(16, 20, 8), (8, 10, 16), (4, 5, 32)]
FINER = [*GRIDS, (2, 3, 64)]
CLASSES = 3
#: The input's size of the heads whose anchors fit one size alone.
SIZES = {"ssd": (300, 300), "blazeface": (128, 128)}


def size_of(head):
    return SIZES.get(head, SIZE)


def outputs(head, seed=0):
    """{name: array} of one image, float32 as models give them, with the batch axis."""
    rng = np.random.default_rng(seed)
    arrays = MAKERS[head](rng)
    return {
        name: a[None].astype(np.float32) if a.dtype.kind == "f" else a for name, a in arrays.items()
    }


def cells(grids=GRIDS, offset=0.5, anchors=1):
    """[(x, y, stride)] in pixels, one after the other."""
    return [
        ((column + offset) * stride, (row + offset) * stride, stride)
        for rows, columns, stride in grids
        for _ in range(anchors)
        for row in range(rows)
        for column in range(columns)
    ]


def scores(rng, *shape):
    """Probabilities, most of them small."""
    return rng.beta(0.3, 3, shape)


def centered(rng, anchors=1):
    """Boxes x, y, width, height around their cells, in pixels."""
    at = np.array(cells(anchors=anchors))
    center = at[:, :2] + rng.uniform(-1, 1, (len(at), 2)) * at[:, 2:]
    return np.concatenate([center, rng.uniform(0.5, 6, (len(at), 2)) * at[:, 2:]], axis=1)


def yolo(rng):
    boxes = centered(rng)
    return {"output0": np.concatenate([boxes, scores(rng, len(boxes), CLASSES)], axis=1).T}


def yolo_seg(rng):
    rows = yolo(rng)["output0"]
    coefficients = rng.normal(size=(32, rows.shape[1]))
    return {
        "output0": np.concatenate([rows, coefficients]),
        "output1": rng.normal(size=(32, SIZE[0] // 4, SIZE[1] // 4)),
    }


def yolo_pose(rng):
    boxes = centered(rng)
    points = np.concatenate(
        [rng.uniform(0, 128, (len(boxes), 17, 2)), scores(rng, len(boxes), 17, 1)], axis=2
    ).reshape(len(boxes), -1)
    return {"output0": np.concatenate([boxes, scores(rng, len(boxes), 1), points], axis=1).T}


def yolo_obb(rng):
    rows = yolo(rng)["output0"]
    angles = rng.uniform(-np.pi / 4, 3 * np.pi / 4, (1, rows.shape[1]))
    return {"output0": np.concatenate([rows, angles])}


def yolo_end2end(rng):
    return {"output0": np.concatenate([corners(rng, 40), falling(rng, 40), labels(rng, 40)], 1)}


def corners(rng, count):
    start = rng.uniform(0, 100, (count, 2))
    return np.concatenate([start, start + rng.uniform(4, 50, (count, 2))], axis=1)


def falling(rng, count):
    return np.sort(rng.random((count, 1)), axis=0)[::-1]


def labels(rng, count):
    return rng.integers(CLASSES, size=(count, 1)).astype(float)


def yolo_objectness(rng):
    boxes = centered(rng, anchors=3)
    return {"output": np.concatenate([boxes, scores(rng, len(boxes), 1 + CLASSES)], axis=1)}


def yolo_anchors(rng):
    values = 3 * (5 + CLASSES)
    return {
        f"stride{stride}": rng.normal(-1, 1.5, (values, rows, columns))
        for rows, columns, stride in GRIDS
    }


def yolox(rng):
    count = len(cells())
    return {
        "output": np.concatenate(
            [
                rng.uniform(-0.5, 1.5, (count, 2)),
                rng.normal(0.5, 0.8, (count, 2)),
                scores(rng, count, 1 + CLASSES),
            ],
            axis=1,
        )
    }


def yolo_dfl(rng):
    return {
        f"out{stride}": np.concatenate(
            [rng.normal(size=(64, rows, columns)), rng.normal(-3, 2, (CLASSES, rows, columns))]
        )
        for rows, columns, stride in GRIDS
    }


def ssd(rng):
    return {
        "raw_outputs/box_encodings": rng.normal(size=(1917, 4)),
        "raw_outputs/class_predictions": rng.normal(-2, 2, (1917, 1 + CLASSES)),
    }


def ssd_postprocess(rng):
    boxes = corners(rng, 10)[:, [1, 0, 3, 2]] / 160
    return {
        "TFLite_Detection_PostProcess": boxes,
        "TFLite_Detection_PostProcess:1": labels(rng, 10)[:, 0],
        "TFLite_Detection_PostProcess:2": falling(rng, 10)[:, 0],
        "TFLite_Detection_PostProcess:3": np.array(8.0),
    }


def centernet(rng):
    shape = (SIZE[0] // 4, SIZE[1] // 4)
    return {
        "hm": rng.normal(-3, 2, (CLASSES, *shape)),
        "wh": rng.uniform(1, 12, (2, *shape)),
        "reg": rng.uniform(0, 1, (2, *shape)),
    }


def detr(rng):
    logits = rng.normal(size=(100, CLASSES + 1))
    logits[:, -1] += 3
    center = rng.uniform(0.2, 0.8, (100, 2))
    return {
        "logits": logits,
        "pred_boxes": np.concatenate([center, rng.uniform(0.02, 0.4, (100, 2))], axis=1),
    }


def nanodet(rng):
    """As PicoDet, its outputs apart."""
    counts = [rows * columns for rows, columns, _ in FINER]
    return {
        **{f"scores{i}": scores(rng, count, CLASSES) for i, count in enumerate(counts)},
        **{f"boxes{i}": rng.normal(size=(count, 32)) for i, count in enumerate(counts)},
    }


def blazeface(rng):
    return {
        "regressors": np.concatenate(
            [rng.normal(0, 8, (896, 2)), rng.uniform(5, 60, (896, 2)), rng.normal(0, 9, (896, 12))],
            axis=1,
        ),
        "classificators": rng.normal(-4, 3, (896, 1)),
    }


def yunet(rng):
    widths = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}
    return {
        f"{name}_{stride}": scores(rng, rows * columns, 1)
        if width == 1
        else rng.normal(0.3, 0.7, (rows * columns, width))
        for name, width in widths.items()
        for rows, columns, stride in GRIDS
    }


def nms_inside(rng):
    return {
        "boxes": corners(rng, 20),
        "scores": falling(rng, 20)[:, 0],
        "labels": rng.integers(CLASSES, size=20),
    }


MAKERS = {
    "yolo": yolo,
    "yolo-seg": yolo_seg,
    "yolo-pose": yolo_pose,
    "yolo-obb": yolo_obb,
    "yolo-end2end": yolo_end2end,
    "yolo-objectness": yolo_objectness,
    "yolo-anchors": yolo_anchors,
    "yolox": yolox,
    "yolo-dfl": yolo_dfl,
    "ssd": ssd,
    "ssd-postprocess": ssd_postprocess,
    "centernet": centernet,
    "detr": detr,
    "nanodet": nanodet,
    "blazeface": blazeface,
    "yunet": yunet,
    "nms-inside": nms_inside,
}
