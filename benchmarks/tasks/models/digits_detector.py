"""The detector of `yolo_net.py`, trained on digits on photos (`scenes.py`)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.tasks.models import prepared, scenes
from benchmarks.tasks.models.prepared import Held, Prepared
from edgeopt.datasets.annotations import truths, yolo
from edgeopt.datasets.annotations.annotated import Annotated
from edgeopt.decoding.preparation import Preparation, of_head
from edgeopt.tasks.detection import Detection

if TYPE_CHECKING:
    import torch

SIZE, EPOCHS, BATCH, RATE = (160, 160), 10, 16, 2e-3
BYTES = Preparation("letterbox", SIZE, dtype="uint8")


def prepare(place: Path) -> Prepared:
    """digits/data.yaml (train, val, test), digits-detector.onnx and .pt2: YOLOv8's head.

    10 classes, input [1, 3, 160, 160] letterboxed in 0..1, 3.0 M weights; half an hour on one core
    to train. `test` judges.
    """
    data, stem = scenes.write(place / "digits"), place / "digits-detector"
    if not stem.with_suffix(".onnx").exists():
        _train(data, stem)
    way = of_head("yolo", SIZE)
    assert way is not None

    def held() -> Held:
        there = yolo.read(data, "test")
        pixels, placements = prepared.images(there, way)
        task = Detection("yolo", SIZE, scenes.NAMES)
        return Held({"images": pixels}, placements, truths.boxes(there), task)

    return Prepared(
        model=stem.with_suffix(".onnx"),
        data=data,
        confirm=data,
        options=(),
        measures=("map", "map50"),
        held=held,
        program=stem.with_suffix(".pt2"),
        train=data,
        preparation=way,
        facts={"parts": tuple(scenes.PARTS), "head": "yolo"},
    )


def _train(data: Path, stem: Path) -> None:
    import torch

    from benchmarks.tasks.models import trained
    from benchmarks.tasks.models.yolo_net import Detector, Loss

    there = yolo.read(data, "train")
    pixels, placements = prepared.images(there, BYTES)
    boxes, classes = _padded(there, placements)
    torch.manual_seed(0)
    net = Detector(len(scenes.NAMES), SIZE[0]).to(memory_format=torch.channels_last)
    loss = Loss(net)

    def step(rows: np.ndarray) -> torch.Tensor:
        x = torch.from_numpy(pixels[rows]).float().div(255)
        return loss(net.raw(x.to(memory_format=torch.channels_last)), boxes[rows], classes[rows])

    trained.train(net, step, len(pixels), EPOCHS, BATCH, RATE)
    net.to(memory_format=torch.contiguous_format)
    trained.write(net, (torch.zeros(1, 3, *SIZE),), stem, ["images"], "output0")


def _padded(there: Annotated, placements: list) -> tuple[torch.Tensor, torch.Tensor]:
    """Boxes [n, k, 4] in pixels of the input and classes [n, k], -1 where there is none."""
    import torch

    assert there.objects is not None
    most = max(len(one) for one in there.objects)
    boxes = torch.zeros(len(there), most, 4)
    classes = torch.full((len(there), most), -1)
    for i, (one, placement) in enumerate(zip(there.objects, placements, strict=True)):
        placed = placement.placed(one.boxes.reshape(-1, 2, 2)).reshape(-1, 4)
        boxes[i, : len(one)] = torch.from_numpy(placed).float()
        classes[i, : len(one)] = torch.from_numpy(one.classes)
    return boxes, classes
