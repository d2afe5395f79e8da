"""Networks of the benchmarks, and how their baselines are trained: a seed, Adam, a cosine."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import torch
from torch import nn


def _unit(into: int, out: int, size: int, stride: int = 1, groups: int = 1) -> list[nn.Module]:
    conv = nn.Conv2d(into, out, size, stride, size // 2, groups=groups, bias=False)
    return [conv, nn.BatchNorm2d(out), nn.ReLU6()]


class Inverted(nn.Module):
    """The block of MobileNetV2 (Sandler et al. 2018, arXiv:1801.04381)."""

    def __init__(self, into: int, out: int, stride: int, expansion: int = 6) -> None:
        super().__init__()
        wide = into * expansion
        self.adds = stride == 1 and into == out
        self.layers = nn.Sequential(
            *_unit(into, wide, 1),
            *_unit(wide, wide, 3, stride, wide),
            *_unit(wide, out, 1)[:2],
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.layers(x) if self.adds else self.layers(x)


class SmallMobileNet(nn.Module):
    """MobileNetV2's plan for images [1, 1, 28, 28]: 330,000 weights."""

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        plan = [(24, 2), (24, 1), (40, 1), (40, 1), (80, 2), (80, 1), (112, 1)]
        layers, width = _unit(1, 32, 3, 2), 32
        for out, stride in plan:
            layers.append(Inverted(width, out, stride))
            width = out
        self.features = nn.Sequential(*layers, *_unit(width, 480, 1))
        self.head = nn.Sequential(nn.Dropout(0.2), nn.Linear(480, classes))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.head(self.features(image).mean((2, 3)))


class SpokenDigits(nn.Module):
    """Depthwise separable convolutions over [1, 13, 1, 64] MFCCs, a keyword spotter's plan."""

    def __init__(self, classes: int = 10, width: int = 96) -> None:
        super().__init__()
        layers: list[nn.Module] = _wide(13, width, 5)
        for _ in range(4):
            layers += [*_wide(width, width, 5, width), *_wide(width, width, 1)]
        self.features = nn.Sequential(*layers)
        self.head = nn.Sequential(nn.Dropout(0.2), nn.Linear(width, classes))

    def forward(self, sound: torch.Tensor) -> torch.Tensor:
        return self.head(self.features(sound).mean((2, 3)))


def _wide(into: int, out: int, size: int, groups: int = 1) -> list[nn.Module]:
    conv = nn.Conv2d(into, out, (1, size), 1, (0, size // 2), groups=groups, bias=False)
    return [conv, nn.BatchNorm2d(out), nn.ReLU()]


def train(
    net: nn.Module, samples: np.ndarray, labels: np.ndarray, epochs: int, shift: int = 0
) -> nn.Module:
    """Cross entropy, Adam at 2e-3 falling as a cosine; images moved by up to `shift` pixels."""
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    x, y = torch.from_numpy(samples), torch.from_numpy(labels)
    optimizer = torch.optim.AdamW(net.parameters(), 2e-3, weight_decay=1e-3)
    steps = epochs * math.ceil(len(x) / 64)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    net.train()
    for _ in range(epochs):
        for rows in np.array_split(rng.permutation(len(x)), math.ceil(len(x) / 64)):
            batch = x[rows]
            if shift:
                moves = tuple(int(n) for n in rng.integers(-shift, shift + 1, 2))
                batch = torch.roll(batch, moves, (2, 3))
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(batch), y[rows]).backward()
            optimizer.step()
            schedule.step()
    return net.eval()


def save(net: nn.Module, example: np.ndarray, path: Path) -> None:
    """As `torch.export` writes it, batch 1."""
    torch.export.save(torch.export.export(net, (torch.from_numpy(example[:1]),)), str(path))


def baseline(
    net: nn.Module, samples: np.ndarray, labels: np.ndarray, epochs: int, path: Path, shift: int = 0
) -> Path:
    """The trained baseline's file, made where it is not there."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(0)
        save(train(net, samples, labels, epochs, shift), samples, path)
    return path
