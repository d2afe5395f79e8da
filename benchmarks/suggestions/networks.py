"""Six small networks that are no image classifiers, trained for seconds, with their samples.

The tasks are made up: what counts is what the networks compute. Each is written as ONNX, batch 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from benchmarks.tasks import heads_net

SAMPLES, STEPS, WORDS, LENGTH, CLASSES = 400, 32, 1000, 48, 4


@dataclass(frozen=True)
class Made:
    """One network: its file, and samples [n, 1, ...] of its input with labels where it has any."""

    path: Path
    data: dict[str, np.ndarray]
    task: str = ""


class Recurrent(nn.Module):
    """[1, STEPS, 16] to classes through two GRU layers of 128."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.GRU(16, 128, 2, batch_first=True)
        self.head = nn.Linear(128, CLASSES)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.layers(x)[0][:, -1])


class Attention(nn.Module):
    """[1, LENGTH] tokens to classes through three layers of a transformer, 128 wide."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(WORDS, 128)
        self.places = nn.Parameter(0.02 * torch.randn(1, LENGTH, 128))
        self.layers = nn.ModuleList(_Block(128, 4) for _ in range(3))
        self.head = nn.Linear(128, CLASSES)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = self.words(x) + self.places
        for layer in self.layers:
            hidden = layer(hidden)
        return self.head(hidden.mean(1))


class _Block(nn.Module):
    """A layer of an encoder, its attention written out."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads, self.size = heads, width // heads
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.three, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.wide, self.narrow = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        count, length, width = (int(size) for size in x.shape)
        parts = self.three(self.first(x)).reshape(count, length, 3, self.heads, self.size)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        weights = torch.softmax(query @ key.transpose(2, 3) / self.size**0.5, -1)
        x = x + self.out((weights @ value).transpose(1, 2).reshape(count, length, width))
        return x + self.narrow(torch.relu(self.wide(self.second(x))))


class Table(nn.Module):
    """[1, LENGTH] tokens: the mean of their rows in a table of WORDS x 256, and two layers."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(WORDS, 256)
        self.layers = nn.Sequential(nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, CLASSES))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layers(self.words(x).mean(1))


def _dense() -> nn.Module:
    layers = [nn.Linear(64, 768), nn.ReLU(), nn.Linear(768, 768), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(768, CLASSES))


def _signal() -> nn.Module:
    """[1, 4, 512] to classes through convolutions along time."""
    layers: list[nn.Module] = []
    width = 4
    for out in (32, 64, 64, 128):
        layers += [nn.Conv1d(width, out, 5, 2, 2), nn.BatchNorm1d(out), nn.ReLU()]
        width = out
    return nn.Sequential(*layers, nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(width, CLASSES))


def _sequences(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Steps of noise, to which one of four slow waves was added."""
    labels = rng.integers(0, CLASSES, SAMPLES)
    time = np.arange(STEPS)[None, :, None] / STEPS
    phases = rng.uniform(0, 6, (SAMPLES, 1, 16))
    waves = np.sin(2 * np.pi * (labels[:, None, None] + 1) * time + phases)
    return (waves + 0.3 * rng.normal(size=waves.shape)).astype(np.float32), labels


def _tokens(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Tokens, of which a quarter more are of the class's own part of the vocabulary."""
    labels = rng.integers(0, CLASSES, SAMPLES)
    tokens = rng.integers(0, WORDS, (SAMPLES, LENGTH))
    part = WORDS // CLASSES
    own = labels[:, None] * part + rng.integers(0, part, tokens.shape)
    return np.where(rng.random(tokens.shape) < 0.4, own, tokens), labels


def _rows(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """64 figures around one of four centres."""
    labels = rng.integers(0, CLASSES, SAMPLES)
    centres = rng.normal(size=(CLASSES, 64))
    return (centres[labels] + rng.normal(size=(SAMPLES, 64))).astype(np.float32), labels


def _signals(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Four channels of a wave of one of four frequencies, with noise."""
    labels = rng.integers(0, CLASSES, SAMPLES)
    time = np.arange(512)[None, None] / 512
    phases = rng.uniform(0, 6, (SAMPLES, 4, 1))
    waves = np.sin(2 * np.pi * 8 * (labels[:, None, None] + 1) * time + phases)
    return (waves + 0.5 * rng.normal(size=waves.shape)).astype(np.float32), labels


def _trained(net: nn.Module, samples: np.ndarray, labels: np.ndarray, epochs: int = 5) -> nn.Module:
    """Cross entropy, Adam."""
    x, y, size = torch.from_numpy(samples), torch.from_numpy(labels), 32
    optimizer = torch.optim.Adam(net.parameters(), 1e-3)
    net.train()
    for _ in range(epochs):
        for first in range(0, len(x), size):
            optimizer.zero_grad()
            rows = slice(first, first + size)
            nn.functional.cross_entropy(net(x[rows]), y[rows]).backward()
            optimizer.step()
    return net.eval()


_TASKS: dict[str, tuple[Callable[[], nn.Module], Callable]] = {
    "GRU": (Recurrent, _sequences),
    "transformer": (Attention, _tokens),
    "MLP": (_dense, _rows),
    "embedding": (Table, _tokens),
    "1-D CNN": (_signal, _signals),
}
NAMES = (*_TASKS, "detector")


def make(name: str, folder: Path) -> Made:
    """One of `NAMES`, in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name.lower().replace(' ', '-')}.onnx"
    if name == "detector":
        if not path.exists():
            heads_net.write(path, 160, 16)
        return Made(path, {"images": heads_net.images(160, SAMPLES)})
    torch.manual_seed(0)
    torch.set_num_threads(1)
    net_of, samples_of = _TASKS[name]
    samples, labels = samples_of(np.random.default_rng(0))
    if not path.exists():
        net = _trained(net_of(), samples, labels)
        torch.onnx.export(
            net, (torch.from_numpy(samples[:1]),), str(path), dynamo=False,
            input_names=["x"], output_names=["logits"],
        )  # fmt: skip
    return Made(path, {"x": samples[:, None], "labels": labels})
