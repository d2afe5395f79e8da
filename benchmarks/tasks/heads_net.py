"""A net that ends as YOLOv8 does, of an own definition: DFL head, decode and concatenation inside.

Its weights are random, but its branches have ranges as trained ones have: bins whose means spread
over all of them, and scores of which a few are near 1 and most near 0.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

CLASSES, BINS, STRIDES = 4, 16, (8, 16)


def images(size: int, count: int, seed: int = 1) -> np.ndarray:
    """Boxes of one colour on noise, [count, 1, 3, size, size] of 0 to 1."""
    rng = np.random.default_rng(seed)
    made = rng.uniform(0, 0.3, (count, 1, 1, 1)) + 0.05 * rng.normal(size=(count, 3, size, size))
    for image in made:
        for _ in range(rng.integers(2, 8)):
            left, top = rng.integers(0, size - 16, 2)
            width, height = rng.integers(8, size // 2, 2)
            colour = rng.uniform(-0.3, 0.9, (3, 1, 1))
            image[:, top : top + height, left : left + width] += colour
    return np.clip(made, 0, 1).astype(np.float32)[:, None]


def write(path: Path, size: int, width: int) -> Path:
    """Write the net as ONNX: images[1, 3, size, size] to output0[1, 4 + CLASSES, places]."""
    import torch

    torch.manual_seed(0)
    net = _net(size, width)
    given = torch.from_numpy(images(size, 16)[:, 0])
    with torch.no_grad():  # the statistics of its batch norms
        net.train()(given)
    torch.onnx.export(
        net.eval(), (given[:1],), str(path), dynamo=True, external_data=False,
        input_names=["images"], output_names=["output0"],
    )  # fmt: skip
    return path


def _net(size: int, width: int) -> Any:
    import torch
    from torch import nn

    def block(inputs: int, outputs: int, stride: int = 1) -> nn.Module:
        conv = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        return nn.Sequential(conv, nn.BatchNorm2d(outputs, momentum=None), nn.SiLU())

    def branch(outputs: int, spread: float, bias: float) -> nn.Module:
        last = nn.Conv2d(32, outputs, 1)
        last.weight.data *= spread
        last.bias.data += bias
        return nn.Sequential(block(4 * width, 32), last)

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            wide = 4 * width
            self.stem = nn.Sequential(
                block(3, width, 2), block(width, 2 * width, 2), block(2 * width, 2 * width)
            )
            self.levels = nn.ModuleList(
                nn.Sequential(block(inputs, wide, 2), block(wide, wide))
                for inputs in (2 * width, wide)
            )
            self.boxes = nn.ModuleList(branch(4 * BINS, 6.0, 0.0) for _ in STRIDES)
            self.scores = nn.ModuleList(branch(CLASSES, 12.0, -2.0) for _ in STRIDES)
            self.counts = nn.Conv2d(BINS, 1, 1, bias=False)
            self.counts.weight.data[:] = torch.arange(BINS).float().view(1, BINS, 1, 1)
            grids = [torch.arange(size // stride) + 0.5 for stride in STRIDES]
            pairs = [torch.meshgrid(grid, grid, indexing="ij") for grid in grids]
            centres = [torch.stack([x.flatten(), y.flatten()]) for y, x in pairs]
            lengths = [
                torch.full((1, one.shape[1]), float(stride))
                for one, stride in zip(centres, STRIDES, strict=True)
            ]
            self.register_buffer("centres", torch.cat(centres, 1)[None])
            self.register_buffer("lengths", torch.cat(lengths, 1)[None])

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x, rows = self.stem(x), []
            for level, box, score in zip(self.levels, self.boxes, self.scores, strict=True):
                x = level(x)
                rows.append(torch.cat([box(x), score(x)], 1).flatten(2))
            bins, logits = torch.cat(rows, 2).split([4 * BINS, CLASSES], 1)
            places = bins.shape[2]
            shares = bins.view(1 * len(x), 4, BINS, places).transpose(1, 2).softmax(1)
            first, last = self.counts(shares).view(len(x), 4, places).chunk(2, 1)
            low, high = self.centres - first, self.centres + last
            boxes = torch.cat([(low + high) / 2, high - low], 1) * self.lengths
            return torch.cat([boxes, logits.sigmoid()], 1)

    return Net()
