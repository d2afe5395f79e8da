"""A U-Net trained on digits on photos (`scenes.py`): which digit each pixel belongs to."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.tasks.models import prepared, scenes, trained
from benchmarks.tasks.models.prepared import Held, Prepared
from edgeopt.datasets.annotations import masks, truths
from edgeopt.decoding.placement import Placement
from edgeopt.decoding.preparation import Preparation
from edgeopt.tasks.segmentation import Segmentation

SIZE = (80, 80)
#: Large light digits, so that strokes are a few pixels wide at the input's size.
SCENES = scenes.Layout((256, 321), (1, 5), (0.4, 0.6), light=0.4)
#: What is learnt first: one digit that fills its scene, at a quarter of the pixels. Of whole scenes
#: alone the network finds digits and does not tell them apart, in ten times as many steps.
CLOSE, CLOSE_COUNT = scenes.Layout((40, 41), (1, 2), (0.5, 0.95), light=0.4), 10_000
#: Epochs, batch and rate: of the close scenes, then of the whole ones.
CLOSE_WAY, WAY_ON = (3, 32, 5e-3), (2, 16, 2e-3)
NAMES = ("photo", *scenes.NAMES)
BYTES = Preparation("letterbox", SIZE, dtype="uint8")
WAY = "way=letterbox,mean=0,scale=0.00392156863"
_NOWHERE = 255
#: Most pixels are the photo's: each counts less in the loss.
_PHOTO = 0.3


class UNet(nn.Module):
    """Ronneberger and others 2015 (arXiv 1505.04597), padded, batch norm, four levels.

    images [n, 3, h, w] in 0..1 -> scores [n, classes, h, w].
    """

    def __init__(self, classes: int = len(NAMES), w: int = 16) -> None:
        super().__init__()
        widths = (w, 2 * w, 4 * w, 8 * w)
        self.down = nn.ModuleList(
            _double(a, b) for a, b in zip((3, *widths[:-1]), widths, strict=True)
        )
        self.up = nn.ModuleList(nn.ConvTranspose2d(b, a, 2, 2) for a, b in pairwise(widths))
        self.join = nn.ModuleList(_double(2 * a, a) for a in widths[:-1])
        self.last = nn.Conv2d(w, classes, 1)

    def forward(self, images: Tensor) -> Tensor:
        x, kept = self.down[0](images), []
        for layer in list(self.down)[1:]:
            kept.append(x)
            x = layer(nn.functional.max_pool2d(x, 2))
        for up, join in zip(reversed(self.up), reversed(self.join), strict=True):
            x = join(torch.cat([kept.pop(), up(x)], 1))
        return self.last(x)


def _double(into: int, out: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for a in (into, out):
        layers += [nn.Conv2d(a, out, 3, 1, 1, bias=False), nn.BatchNorm2d(out), nn.ReLU()]
    return nn.Sequential(*layers)


def prepare(place: Path) -> Prepared:
    """large-digits/images and masks, digits-segmenter.onnx and .pt2: 11 classes, 0 is the photo.

    Input [1, 3, 80, 80] letterboxed in 0..1, 0.48 M weights; five minutes on one core to train.
    mIoU 0.65 and Dice 0.77 of the part `test`, which judges.
    """
    data, stem = scenes.write(place / "large-digits", SCENES).parent, place / "digits-segmenter"
    if not stem.with_suffix(".onnx").exists():
        _train(data, stem)
    way = Preparation("letterbox", SIZE, scale=(1 / 255,) * 3)

    def held() -> Held:
        there = masks.read(data / "images/test", data / "masks", NAMES)
        pixels, placements = prepared.images(there, way)
        task = Segmentation(SIZE, NAMES)
        return Held({"images": pixels}, placements, truths.maps(there, len(NAMES)), task)

    return Prepared(
        model=stem.with_suffix(".onnx"),
        data=data / "images/val",
        options=("--masks", str(data / "masks"), "--preprocess", WAY),
        measures=("miou", "dice"),
        held=held,
        confirm=data / "images/test",
        program=stem.with_suffix(".pt2"),
        train=data / "images/train",
        preparation=way,
        facts={"names": NAMES},
    )


def _train(data: Path, stem: Path) -> None:
    torch.manual_seed(0)
    net = UNet().to(memory_format=torch.channels_last)
    close = list(scenes.of_part("train", CLOSE, CLOSE_COUNT))
    pixels = np.stack([one.image.transpose(2, 0, 1) for one in close])
    _learn(net, pixels, np.stack([one.mask for one in close]), *CLOSE_WAY)
    there = masks.read(data / "images/train", data / "masks", NAMES)
    pixels, placements = prepared.images(there, BYTES)
    every = truths.maps(there, len(NAMES))
    marks = np.stack([_placed(one, place) for one, place in zip(every, placements, strict=True)])
    _learn(net, pixels, marks, *WAY_ON)
    net.to(memory_format=torch.contiguous_format)
    trained.write(net, (torch.zeros(1, 3, *SIZE),), stem, ["images"], "scores")


def _learn(
    net: UNet, pixels: np.ndarray, marks: np.ndarray, epochs: int, batch: int, rate: float
) -> None:
    """Of images uint8[n, 3, h, w] the class uint8[n, h, w] of each pixel; 255 is not asked."""
    weights = torch.ones(len(NAMES)).index_fill(0, torch.tensor([0]), _PHOTO)

    def step(rows: np.ndarray) -> Tensor:
        x = torch.from_numpy(pixels[rows]).float().div(255)
        scores = net(x.to(memory_format=torch.channels_last))
        target = torch.from_numpy(marks[rows]).long()
        return nn.functional.cross_entropy(scores, target, weights, ignore_index=_NOWHERE)

    trained.train(net, step, len(pixels), epochs, batch, rate)


def _placed(mask: np.ndarray, place: Placement) -> np.ndarray:
    """uint8 of the input's shape: the class at the centre of each of its pixels, 255 outside."""
    rows, columns = (
        np.floor((np.arange(side) + 0.5 - start) / scale).astype(int)
        for side, start, scale in zip(
            place.size, (place.top, place.left), place.scale[::-1], strict=True
        )
    )
    inside = ((rows >= 0) & (rows < len(mask)))[:, None] & (
        (columns >= 0) & (columns < mask.shape[1])
    )
    found = mask[rows.clip(0, len(mask) - 1)[:, None], columns.clip(0, mask.shape[1] - 1)]
    return np.where(inside, found, _NOWHERE).astype(np.uint8)
