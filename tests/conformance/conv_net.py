"""A small net with two inputs and two outputs.

python conv_net.py NET.pt2 ANSWERS.npz writes it, and PyTorch's answers to `samples()`.
"""

from __future__ import annotations

import sys

import numpy as np

SHAPES = {"image": (1, 3, 96, 96), "extra": (1, 4)}
OUTPUTS = ("output_0", "output_1")
SAMPLES = 16


def samples() -> list[dict[str, np.ndarray]]:
    rng = np.random.default_rng(0)
    return [
        {name: rng.uniform(-1, 1, shape).astype(np.float32) for name, shape in SHAPES.items()}
        for _ in range(SAMPLES)
    ]


def write(path: str, answers: str) -> None:
    import torch

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.first = torch.nn.Conv2d(3, 8, 3, padding=1)
            self.second = torch.nn.Conv2d(8, 16, 3, stride=2, padding=1)
            self.head = torch.nn.Linear(16 + 4, 10)

        def forward(self, image, extra):
            maps = torch.relu(self.second(torch.relu(self.first(image))))
            return self.head(torch.cat([maps.mean((2, 3)), extra], 1)), maps

    torch.manual_seed(0)
    net = Net().eval()
    example = tuple(torch.zeros(shape) for shape in SHAPES.values())
    torch.export.save(torch.export.export(net, example), path)
    with torch.inference_mode():
        results = [net(*(torch.from_numpy(one[name]) for name in SHAPES)) for one in samples()]
    columns = zip(OUTPUTS, zip(*results, strict=True), strict=True)
    np.savez(answers, **{name: torch.stack(column).numpy() for name, column in columns})


if __name__ == "__main__":
    write(sys.argv[1], sys.argv[2])
