"""ON THE DEVICE AND HOST. A recorded task + one sample's outputs -> the answer, as it is scored.

A recorded task is `TaskFacts` as a manifest keeps it under "task": a dict. The answers are those of
the score, one sample's:

detection       Detections in the image's pixels
segmentation    int16[height, width] of the image; of a map of text `polygons.Regions`
pose            Detections with key points, boxes around these
ctc             str
embedding       float64[d] of length 1
ranking         float
regression      {output: array}
image-to-image  [height, width, channels], 0..`high`
classification  float64[classes], probabilities
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgeopt.decoding import class_map, ctc, outputs, points, polygons
from edgeopt.decoding.detections import Detections
from edgeopt.decoding.placement import placement

#: What is sure enough to be shown.
SURE = 0.25
#: Of one plane of probabilities. Maps of text have DB's (Liao, AAAI 2020), and polygons.
THRESHOLD, TEXT_THRESHOLD = 0.5, 0.3


class NoAnswer(ValueError):
    """Outputs that are not those of the recorded task's model."""


def answered(task, given, place=None, head=None, least=0.0):
    """The answer to one sample.

    Args:
        task: as recorded. given: {output: array}, all of the model's.
        place: the image's `Placement`; None: the image is the input.
        head: the module of `task["head"]`, where it has one.
        least: detections below this score are not looked for, which is faster.

    Raises:
        NoAnswer, outputs.WrongHead: the outputs are not those of such a model.
    """
    name = task["name"]
    if name not in _TASKS:
        raise NoAnswer(f"of the task {name} nothing is known here but its outputs")
    return _TASKS[name](task, given, place, head, least)


def has_image(task):
    """Whether the model takes an image that `Preparation` prepares."""
    return bool(task.get("preparation"))


def is_text_map(task):
    """Whether a segmenter's map is of where text is."""
    extra = task.get("extra", {})
    alike = task["name"] == "segmentation" and extra.get("threshold") == TEXT_THRESHOLD
    return bool(extra.get("polygons", alike))


def sure(found, least):
    """The detections of at least this score."""
    return found.take(np.flatnonzero(found.scores >= least))


def _size(task):
    return tuple(task["size"])


def _detection(task, given, place, head, least):
    settings = head.DEFAULTS
    if not getattr(head, "AVERAGES", False):  # else what is unsure moves what is sure
        settings = replace(settings, score=max(settings.score, least))
    found = sure(head.decode(given, _size(task), settings), least)
    return found if place is None else place.undone(found)


def _segmentation(task, given, place, head, least):
    extra, size = task.get("extra", {}), _size(task)
    place = place or placement("stretch", size, size)
    numbers = class_map.decode(given, size, place, extra.get("threshold", THRESHOLD))
    if not is_text_map(task):
        return numbers
    planes = class_map.read(given, size)
    if planes.dtype.kind in "iu" or len(planes) != 1:
        raise NoAnswer("polygons are of one plane of probabilities")
    plane = outputs.probabilities(planes)[0]
    found = polygons.regions(plane, extra.get("threshold", TEXT_THRESHOLD))
    scale = np.array([size[1] / plane.shape[1], size[0] / plane.shape[0]])
    return polygons.Regions(place.taken_back(found.corners * scale), found.scores, numbers).inside(
        place.image
    )


def _pose(task, given, place, head, least):
    form = task.get("extra", {}).get("form") or task["head"]
    if form not in points.FORMS:
        return _around(_detection(task, given, place, head, least))
    figure = points.decode(given, _size(task), len(task["names"]), form)
    if place is not None:
        figure[:, :2] = place.taken_back(figure[:, :2])
    score = figure[:, 2].mean(keepdims=True)
    one = Detections(np.zeros((1, 4)), score, np.zeros(1, np.int64), keypoints=figure[None])
    return _around(one)


def _around(found):
    """Poses are of the size of the box around their points."""
    if found.keypoints is None:
        raise NoAnswer("the head gives no key points")
    places = found.keypoints[..., :2].reshape(len(found.scores), -1, 2).astype(np.float64)
    boxes = np.concatenate([places.min(axis=1), places.max(axis=1)], axis=1)
    return replace(found, boxes=boxes)


def _ctc(task, given, place, head, least):
    extra = task["extra"]
    letters = ctc.Alphabet(tuple(extra["alphabet"]), extra["blank"])
    classes = len(letters.letters)
    steps = ctc.steps(_named(task, given), classes)
    if steps.shape[1] != classes:
        raise NoAnswer(f"an output of {steps.shape[1]} classes, and an alphabet of {classes}")
    if extra.get("beam"):
        return ctc.prefix_beam(steps, letters, extra["beam"])[0]
    return ctc.greedy(steps, letters)


def _embedding(task, given, place, head, least):
    values = np.asarray(_named(task, given), np.float64).ravel()
    length = np.linalg.norm(values) if np.isfinite(values).all() else 0.0
    return values / length if length > 0 else np.zeros_like(values)


def _ranking(task, given, place, head, least):
    values = np.asarray(_named(task, given), np.float64).ravel()
    if values.size != 1:
        raise NoAnswer(f"one score wanted, got {values.size} values")
    return float(values[0])


def _regression(task, given, place, head, least):
    if task["output"]:
        return {task["output"]: np.asarray(_named(task, given))}
    return {name: np.asarray(array) for name, array in given.items()}


def _image(task, given, place, head, least):
    extra = task["extra"]
    array = np.asarray(_named(task, given))
    while array.ndim > 3 and array.shape[0] == 1:
        array = array[0]
    if array.ndim == 2:
        array = array[..., None]
    elif array.ndim == 3 and extra["channels_first"]:
        array = array.transpose(1, 2, 0)
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4):
        raise NoAnswer(f"an output {list(array.shape)} is no image")
    return np.clip(array, extra.get("low", 0.0), extra["high"])


def _classification(task, given, place, head, least):
    values = np.asarray(_named(task, given), np.float64).ravel()
    one = outputs.in_unit(values) and abs(values.sum() - 1) < 1e-2
    return values if one else outputs.softmax(values)


def _named(task, given):
    """The output that is read: the named one, or the only one."""
    name = task.get("output") or (next(iter(given)) if len(given) == 1 else "")
    if name not in given:
        known = ", ".join(given)
        raise NoAnswer(f"no output {name!r}; the model has {known}")
    return given[name]


_TASKS = {
    "detection": _detection,
    "segmentation": _segmentation,
    "pose": _pose,
    "ctc": _ctc,
    "embedding": _embedding,
    "ranking": _ranking,
    "regression": _regression,
    "image-to-image": _image,
    "classification": _classification,
}
#: The tasks whose answers are known here.
KNOWN = tuple(_TASKS)
