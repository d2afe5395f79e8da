"""ON THE DEVICE AND HOST. Answers as what JSON can hold, and as what is drawn."""

from __future__ import annotations

import numpy as np

from edgeopt.decoding.answering import SURE
from edgeopt.decoding.detections import Detections
from edgeopt.decoding.drawing import title
from edgeopt.decoding.polygons import Regions

#: Classes of a classifier that are told.
_MOST = 5


def plain(task, answer):
    """{word: what JSON can hold} of an answer to one sample (`answering.answered`).

    Coordinates are pixels of the image. A mask is {"size": [height, width], "counts": [...]}, the
    lengths of runs of 0, 1, 0 ... column by column, as COCO has it uncompressed. Of a class map or
    an image it is told what there is; its pixels are in a file (`picture`).
    """
    names = task.get("names", ())
    if isinstance(answer, Detections):
        return {"detections": _detections(answer, names)}
    if isinstance(answer, Regions):
        return {
            "regions": [
                {"score": _short(score), "polygon": _numbers(corners)}
                for corners, score in zip(answer.corners, answer.scores)
            ]
        }
    if isinstance(answer, dict):
        return {"values": {name: _numbers(array, 9) for name, array in answer.items()}}
    if isinstance(answer, (str, float)):
        return {"text" if isinstance(answer, str) else "score": answer}
    return _ARRAYS[task["name"]](answer, names)


def picture(task, answer):
    """uint8 or uint16 [height, width] or [height, width, channels]: an answer that is an image.

    None: it is none. Of a class map it is the classes' numbers.
    """
    numbers = answer.numbers if isinstance(answer, Regions) else answer
    if task["name"] == "segmentation" and numbers is not None:
        return numbers.astype(np.uint8 if numbers.max(initial=0) < 256 else np.uint16)
    if task["name"] != "image-to-image":
        return None
    low, high = task["extra"].get("low", 0.0), task["extra"]["high"]
    values = np.round((answer - low) * (255 / (high - low))).astype(np.uint8)
    return values[..., 0] if values.shape[2] == 1 else values


def class_names(task):
    """The names of the classes; of a pose, whose names are the points', there are none."""
    return () if task["name"] == "pose" else tuple(task.get("names", ()))


def shown(task, answer):
    """What `drawing.draw` takes of an answer; None where there is nothing to be seen."""
    if isinstance(answer, Detections):
        return answer.take(np.flatnonzero(answer.scores >= SURE))
    if isinstance(answer, Regions):
        return list(answer.corners)
    if isinstance(answer, str) or task["name"] == "segmentation":
        return answer
    if isinstance(answer, float):
        return f"{answer:.4g}"
    if task["name"] == "classification":
        return _said(answer, task.get("names", ()))
    return None


def _said(scores, names):
    best = _classes(scores, names)["classes"][:3]
    return "\n".join("{name} {score:.2f}".format(**one) for one in best)


def _detections(found, names):
    rows = []
    for i in range(len(found.scores)):
        number = int(found.classes[i])
        row = {"class": number, "name": title(number, names), "score": _short(found.scores[i])}
        row["box"] = _numbers(found.boxes[i])
        if found.rotated is not None:
            row["rotated"] = _numbers(found.rotated[i])
        if found.keypoints is not None:
            row["keypoints"] = _numbers(found.keypoints[i])
        if found.masks is not None:
            row["mask"] = runs(found.masks[i])
        rows.append(row)
    if found.keypoints is not None:  # the names are those of the points
        for row in rows:
            del row["name"]
    return rows


def runs(mask):
    """COCO's uncompressed form of bool[height, width]."""
    flat = np.asarray(mask, bool).ravel(order="F")
    edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    counts = np.diff([0, *edges, len(flat)]).tolist()
    return {"size": list(mask.shape), "counts": [0, *counts] if flat[:1].any() else counts}


def _map(numbers, names):
    found, counts = np.unique(numbers, return_counts=True)
    shares = {title(int(n), names): _short(c / numbers.size) for n, c in zip(found, counts)}
    return {"size": list(numbers.shape), "shares": shares}


def _classes(scores, names):
    best = np.argsort(-scores, kind="stable")[:_MOST]
    return {
        "classes": [
            {"class": int(i), "name": title(int(i), names), "score": _short(scores[i])}
            for i in best
        ]
    }


def _embedding(values, names):
    return {"embedding": _numbers(values, 9)}


def _image(values, names):
    return {"size": list(values.shape)}


_ARRAYS = {
    "segmentation": _map,
    "classification": _classes,
    "embedding": _embedding,
    "image-to-image": _image,
}


def _short(value):
    return float(f"{float(value):.9g}")


def _numbers(array, digits=None):
    """Lists of floats of so many significant digits; None: millionths, so that scores are kept."""
    values = np.asarray(array, np.float64)
    if digits is None:
        return np.round(values, 6).tolist()
    flat = [float(f"{value:.{digits}g}") for value in values.ravel()]
    return np.array(flat).reshape(values.shape).tolist()
