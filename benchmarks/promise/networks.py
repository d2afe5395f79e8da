"""Small networks of the bench, trained here in seconds, each with a pool of unseen samples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from benchmarks.compression import mnist, networks


@dataclass(frozen=True)
class Pool:
    """A trained network and the samples that draws are taken from.

    Attributes:
        module: the network in evaluation mode. samples: float32 [n, ...].
        labels: [n, ...]. groups: int[n], of samples that belong together; None: each is its own.
        metrics: what its draws are judged by.
    """

    module: nn.Module
    samples: np.ndarray
    labels: np.ndarray
    metrics: tuple[str, ...]
    groups: np.ndarray | None = None


def _convolutions(channels: int, size: int, out: int, last: nn.Module | None = None) -> nn.Module:
    def unit(into: int, to: int, stride: int, groups: int = 1) -> list[nn.Module]:
        conv = nn.Conv2d(into, to, 3, stride, 1, groups=groups, bias=False)
        return [conv, nn.BatchNorm2d(to), nn.ReLU6()]

    wide = 2 * channels
    layers = [
        *unit(1, channels, 2),
        *unit(channels, channels, 1, channels), nn.Conv2d(channels, wide, 1), nn.ReLU6(),
        *unit(wide, wide, 2, wide), nn.Conv2d(wide, wide, 1), nn.ReLU6(),
        nn.Flatten(), nn.Linear(wide * (size // 4) ** 2, out),
    ]  # fmt: skip
    return nn.Sequential(*layers, *([last] if last else []))


def _fit(module: nn.Module, x: np.ndarray, y: np.ndarray, loss: nn.Module, epochs: int) -> None:
    """Adam at 3e-3 falling to nothing; a seed."""
    rng = np.random.default_rng(0)
    samples, wanted = torch.from_numpy(x), torch.from_numpy(y)
    optimizer = torch.optim.Adam(module.parameters(), 3e-3)
    steps = epochs * (len(x) // 50)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.02, steps)
    module.train()
    for _ in range(epochs):
        for rows in rng.permutation(len(x))[: len(x) // 50 * 50].reshape(-1, 50):
            optimizer.zero_grad()
            loss(module(samples[rows]), wanted[rows]).backward()
            optimizer.step()
            schedule.step()
    module.eval()


def digits() -> Pool:
    """scikit-learn's digits of 8 x 8 pixels, ten classes; 300 train, 1,497 are the pool."""
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    images = (images / 16).astype(np.float32).reshape(-1, 1, 8, 8)
    order = np.random.default_rng(0).permutation(len(images))
    images, labels = images[order], labels[order].astype(np.int64)
    torch.manual_seed(0)
    module = _convolutions(12, 8, 10)
    _fit(module, images[:300], labels[:300], nn.CrossEntropyLoss(), 20)
    return Pool(module, images[300:], labels[300:], ("accuracy", "agreement"))


def handwritten() -> Pool:
    """MNIST's digits, ten classes with softmax; 800 train, 4,200 are the pool."""
    images, labels = mnist.digits()
    torch.manual_seed(0)
    module = _convolutions(8, 28, 10)
    _fit(module, images[:800], labels[:800], nn.CrossEntropyLoss(), 6)
    module = nn.Sequential(module, nn.Softmax(1)).eval()
    return Pool(module, images[800:], labels[800:], ("accuracy", "agreement", "f1", "roc-auc"))


def loops() -> Pool:
    """Whether a digit of MNIST has a loop (0, 6, 8, 9): one logistic score."""
    images, labels = mnist.digits()
    looped = np.isin(labels, (0, 6, 8, 9)).astype(np.int64)
    torch.manual_seed(1)
    module = _convolutions(8, 28, 1)
    _fit(module, images[:800], looped[:800, None].astype(np.float32), nn.BCEWithLogitsLoss(), 6)
    module = nn.Sequential(module, nn.Sigmoid()).eval()
    return Pool(module, images[800:], looped[800:], ("accuracy", "agreement", "f1", "roc-auc"))


def angles() -> Pool:
    """By how much a digit of MNIST was turned, in units of 45 degrees: a regression."""
    from scipy.ndimage import rotate

    images, _ = mnist.digits()
    turns = np.random.default_rng(1).uniform(-45, 45, len(images)).astype(np.float32)
    turned = np.stack(
        [rotate(i[0], t, reshape=False, order=1) for i, t in zip(images, turns, strict=True)]
    )
    samples, wanted = turned[:, None].astype(np.float32), turns[:, None] / 45
    torch.manual_seed(2)
    module = _convolutions(8, 28, 1)
    _fit(module, samples[:1500], wanted[:1500], nn.MSELoss(), 8)
    return Pool(module, samples[1500:], wanted[1500:], ("mae", "mse", "pearson", "agreement"))


def bursts() -> Pool:
    """100 digits of MNIST, each seen 40 times: shifted, brighter or darker, with noise.

    The network is `handwritten`'s without its softmax. A burst is what frames of one film or
    crops of one photo are: samples that are not independent.
    """
    rng = np.random.default_rng(3)
    images, labels = mnist.digits()
    base = handwritten().module[0]
    chosen = np.repeat(np.arange(800, 900), 40)
    seen = images[chosen] * rng.uniform(0.7, 1.0, (len(chosen), 1, 1, 1))
    seen = np.stack(
        [np.roll(i, tuple(rng.integers(-2, 3, 2)), (1, 2)) for i in seen]
    )  # fmt: skip
    seen = np.clip(seen + rng.normal(0, 0.05, seen.shape), 0, 1).astype(np.float32)
    return Pool(base, seen, labels[chosen], ("accuracy", "agreement"), groups=chosen - 800)


POOLS: dict[str, Callable[[], Pool]] = {
    "digits": digits,
    "handwritten": handwritten,
    "loops": loops,
    "angles": angles,
    "bursts": bursts,
}


def saved(module: nn.Module, example: np.ndarray, path: Path) -> Path:
    """The network as a file that edgeopt reads."""
    networks.save(module, example, path)
    return path
