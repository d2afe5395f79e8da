"""A small net of PyTorch, and samples with its answers: python torch_net.py FOLDER."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch

SHAPES = {"image": (1, 3, 8, 6), "extra": (1, 4)}
COUNTS = {"data": 96, "confirm": 64}


class Net(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = torch.nn.Conv2d(3, 8, 3, padding=1)
        self.head = torch.nn.Linear(8 + 4, 5)

    def forward(self, image, extra):
        maps = torch.relu(self.first(image))
        return self.head(torch.cat([maps.mean((2, 3)), extra], 1)), maps


def main(folder: Path) -> None:
    """net.pt2 and net.onnx; data.npz and confirm.npz with labels; answers.npz to confirm.npz."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    net, rng = Net().eval(), np.random.default_rng(0)
    example = tuple(torch.zeros(shape) for shape in SHAPES.values())
    torch.export.save(torch.export.export(net, example), folder / "net.pt2")
    names = {"input_names": [*SHAPES], "output_names": ["output_0", "output_1"]}
    # The older exporter, which takes a second where the newer takes ten.
    torch.onnx.export(net, example, str(folder / "net.onnx"), dynamo=False, **names)
    for part, count in COUNTS.items():
        arrays = {
            name: rng.uniform(-2, 2, (count, *shape)).astype(np.float32)
            for name, shape in SHAPES.items()
        }
        with torch.inference_mode():
            rows = [net(*(torch.from_numpy(a[i]) for a in arrays.values())) for i in range(count)]
        logits, maps = (torch.stack(column).numpy() for column in zip(*rows, strict=True))
        labels = logits.argmax(axis=-1).reshape(count)
        labels[::4] = (labels[::4] + 1) % 5  # so that a score says something
        np.savez(folder / f"{part}.npz", **arrays, labels=labels)
    np.savez(folder / "answers.npz", output_0=logits, output_1=maps)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
