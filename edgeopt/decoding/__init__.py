"""ON THE DEVICE AND HOST. A model's outputs -> boxes: one file for each family of heads.

Python 3.9, the standard library and numpy. A head is a module with

    NAME                the word for --head
    WANTS               the shapes that it wants, in words
    DEFAULTS            the family's own Settings
    recognize(samples, size, classes=None) -> Recognition
    decode(outputs, size, settings=DEFAULTS) -> Detections; raises WrongHead

`outputs` is {name: array} of one image, with or without a leading axis of 1; `size` the (height,
width) of the model's input, in whose pixels the boxes are (`placement.py` takes them back).
"""

from __future__ import annotations

import importlib

#: Heads by name -> their module. Of several that fit the first is the more usual.
HEADS = {
    "yolo": "yolo",
    "yolo-seg": "yolo_seg",
    "yolo-end2end": "yolo_end2end",
    "yolo-objectness": "yolo_objectness",
    "yolox": "yolox",
    "yolo-dfl": "yolo_dfl",
    "ssd-postprocess": "ssd_postprocess",
    "ssd": "ssd",
    "centernet": "centernet",
    "detr": "detr",
    "nanodet": "nanodet",
    "blazeface": "blazeface",
    "yunet": "yunet",
    "nms-inside": "nms_inside",
    "yolo-pose": "yolo_pose",
    "yolo-obb": "yolo_obb",
    "yolo-anchors": "yolo_anchors",
}


def load(name):
    """The module of a head. Raises KeyError."""
    return importlib.import_module("edgeopt.decoding." + HEADS[name])


def recognize(samples, size, classes=None):
    """{name: Recognition} of all heads. samples: outputs of some images, as many as may be."""
    return {name: load(name).recognize(samples, size, classes) for name in HEADS}


def certain(samples, size, classes=None):
    """The name of the one head that is certain; None where none is, or several are."""
    found = recognize(samples, size, classes)
    names = [name for name, recognition in found.items() if recognition.level == "certain"]
    return names[0] if len(names) == 1 else None
