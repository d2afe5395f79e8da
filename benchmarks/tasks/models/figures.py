"""MoveNet Lightning of `@vladmandic/human` on crops of photos with people, judged by agreement."""

from __future__ import annotations

from pathlib import Path

from benchmarks.tasks.models import person, tfjs
from benchmarks.tasks.models.prepared import Prepared, by_agreement
from edgeopt.decoding.preparation import Preparation
from edgeopt.tasks.pose import Pose

SIZE, POINTS = (192, 192), 17
SAID = "way=letterbox,mean=0,scale=1,fill=0,layout=nhwc"
WAY = Preparation("letterbox", SIZE, fill=0, layout="nhwc", dtype="int32")


def prepare(place: Path) -> Prepared:
    """figures/val and test without points, `movenet-lightning.tflite`: COCO's 17 points.

    Input int32 [1, 192, 192, 3] in 0..255. No package has photos with points of people: the float
    model's own are the truth.
    """
    model, data = place / "movenet-lightning.tflite", place / "figures"
    if not model.exists():
        graph = tfjs.package() / "models" / "movenet-lightning.json"
        tfjs.to_litert(graph, ["input:0"], ["Identity:0"], model)
    for part in person.PARTS:
        person.write(data / part, part)
    options = ("--task", "pose", "--head", "movenet", "--preprocess", SAID)
    task = Pose("movenet", SIZE, tuple(map(str, range(POINTS))))
    return by_agreement(model, data, options, ("oks-ap", "pck"), WAY, "input", task)
