"""A small net of PyTorch: python torch_net.py NET.pt2 INPUTS.npz ANSWERS.npz."""

from __future__ import annotations

import sys

import numpy as np
import torch

SHAPES = {"image": (1, 3, 8, 6), "extra": (1, 4)}
COUNT = 5


class Net(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = torch.nn.Conv2d(3, 8, 3, padding=1)
        self.head = torch.nn.Linear(8 + 4, 5)

    def forward(self, image, extra):
        maps = torch.relu(self.first(image))
        return self.head(torch.cat([maps.mean((2, 3)), extra], 1)), maps


def main(path: str, inputs: str, answers: str) -> None:
    torch.manual_seed(0)
    net, rng = Net().eval(), np.random.default_rng(0)
    program = torch.export.export(net, tuple(torch.zeros(shape) for shape in SHAPES.values()))
    torch.export.save(program, path)
    arrays = {
        name: rng.uniform(-1, 1, (COUNT, *shape)).astype(np.float32)
        for name, shape in SHAPES.items()
    }
    np.savez(inputs, **arrays)
    with torch.inference_mode():
        rows = [net(*(torch.from_numpy(a[i]) for a in arrays.values())) for i in range(COUNT)]
    columns = [torch.stack(column).numpy() for column in zip(*rows, strict=True)]
    np.savez(answers, output_0=columns[0], output_1=columns[1])


if __name__ == "__main__":
    main(*sys.argv[1:])
