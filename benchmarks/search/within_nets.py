"""Small networks whose best forms differ."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn

from benchmarks.search import estimators

EPOCHS = {"spoken-digits-transformer": 10, "digits-mobile": 12}  # of others: 6


def _layer(before: int, width: int, kernel: tuple[int, int], stride: int = 1) -> nn.Sequential:
    pad = (kernel[0] // 2, kernel[1] // 2)
    convolution = nn.Conv2d(before, width, kernel, padding=pad, stride=stride, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(width), nn.ReLU())


def _head(width: int) -> nn.Sequential:
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 10))


def _images() -> nn.Module:
    """Digits of 32x32: plain convolutions."""
    square = (3, 3)
    layers = (_layer(1, 24, square), _layer(24, 48, square, 2), _layer(48, 96, square, 2))
    return nn.Sequential(*layers, _head(96))


def _sounds() -> nn.Module:
    """Spoken digits, 13 coefficients over 64 frames: convolutions along time, wide."""
    along = (1, 5)
    layers = (_layer(13, 128, along), _layer(128, 128, along), _layer(128, 128, along))
    return nn.Sequential(*layers, _head(128))


def _perceptron() -> nn.Module:
    """Digits of 8x8: two million weights, each used once."""
    return nn.Sequential(
        nn.Linear(64, 1024), nn.ReLU(), nn.Linear(1024, 1024), nn.ReLU(), nn.Linear(1024, 1024),
        nn.ReLU(), nn.Linear(1024, 10),
    )  # fmt: skip


class _Block(nn.Module):
    """A transformer's encoder layer: attention of 4 heads, and two fully connected layers."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
        self.joined = nn.Linear(width, width)
        self.wide = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        frames, width = x.shape[1:]
        heads = [
            part(self.before(x)).reshape(-1, frames, 4, width // 4).transpose(1, 2)
            for part in (self.query, self.key, self.value)
        ]
        weights = (heads[0] @ heads[1].transpose(2, 3) / (width // 4) ** 0.5).softmax(-1)
        x = x + self.joined((weights @ heads[2]).transpose(1, 2).reshape(-1, frames, width))
        return x + self.wide(self.between(x))


class _Transformer(nn.Module):
    """Spoken digits, 64 frames of 13 coefficients."""

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.first = nn.Linear(13, width)
        self.place = nn.Parameter(0.02 * torch.randn(1, 64, width))
        self.blocks = nn.Sequential(*(_Block(width) for _ in range(2)))
        self.last = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 10))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(self.blocks(self.first(x) + self.place).mean(1))


class _Inverted(nn.Module):
    """MobileNetV3's block: wider, depthwise, squeeze and excitation, narrow again."""

    def __init__(self, before: int, wide: int, width: int, stride: int) -> None:
        super().__init__()
        self.widened = nn.Sequential(
            nn.Conv2d(before, wide, 1, bias=False), nn.BatchNorm2d(wide), nn.Hardswish(),
            nn.Conv2d(wide, wide, 5, stride, 2, groups=wide, bias=False), nn.BatchNorm2d(wide),
            nn.Hardswish(),
        )  # fmt: skip
        self.gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(wide, wide // 4, 1), nn.ReLU(),
            nn.Conv2d(wide // 4, wide, 1), nn.Hardsigmoid(),
        )  # fmt: skip
        self.narrow = nn.Sequential(nn.Conv2d(wide, width, 1, bias=False), nn.BatchNorm2d(width))
        self.kept = before == width and stride == 1

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        inner = self.widened(x)
        answers: torch.Tensor = self.narrow(inner * self.gate(inner))
        return x + answers if self.kept else answers


def _mobile() -> nn.Module:
    """Digits of 16x16: blocks of MobileNetV3."""
    blocks = (
        _Inverted(16, 64, 24, 2), _Inverted(24, 96, 24, 1), _Inverted(24, 96, 40, 2),
        _Inverted(40, 160, 40, 1),
    )  # fmt: skip
    return nn.Sequential(_layer(1, 16, (3, 3)), *blocks, nn.Hardswish(), _head(40))


BUILT = {
    "digits-cnn": _images,
    "digits-mlp": _perceptron,
    "spoken-digits-cnn": _sounds,
    "spoken-digits-transformer": _Transformer,
    "digits-mobile": _mobile,
}


def _formed(features: np.ndarray, name: str) -> np.ndarray:
    if name in ("digits-cnn", "digits-mobile"):
        small, times = features.reshape(-1, 1, 8, 8), 4 if name == "digits-cnn" else 2
        return np.ascontiguousarray(small.repeat(times, axis=2).repeat(times, axis=3))
    if name == "spoken-digits-cnn":
        return features.reshape(-1, 13, 1, 64)
    if name == "spoken-digits-transformer":
        return np.ascontiguousarray(features.reshape(-1, 13, 64).transpose(0, 2, 1))
    return features


def made(name: str, folder: Path) -> tuple[Path, dict[str, np.ndarray]]:
    """The trained network as a file, and the samples with labels that no training saw."""
    task = "spoken-digits" if name.startswith("spoken-digits") else "digits"
    parts = estimators.split(task, 0)
    torch.manual_seed(0)
    torch.set_num_threads(1)  # many small batches: threads would wait for each other
    net = BUILT[name]()
    images, labels = _formed(parts.train[0], name), parts.train[1].astype(np.int64)
    step = torch.optim.Adam(net.parameters(), lr=2e-3)
    for _ in range(EPOCHS.get(name, 6)):
        for some in torch.randperm(len(images)).split(32):
            step.zero_grad()
            answers = net(torch.from_numpy(images[some.numpy()]))
            nn.functional.cross_entropy(answers, torch.from_numpy(labels[some.numpy()])).backward()
            step.step()
    rest = _formed(np.concatenate([parts.valid[0], parts.test[0]]), name)
    truths = np.concatenate([parts.valid[1], parts.test[1]]).astype(np.int64)
    path = folder / f"{name}.onnx"
    example = torch.from_numpy(rest[:1])
    torch.onnx.export(
        net.eval(), (example,), path, input_names=["x"], dynamo=True, external_data=False
    )
    return path, {"x": rest, "labels": truths}
