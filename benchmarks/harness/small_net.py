"""Convolutional classifiers of about 0.1 and 5 ms, with random weights, as fp32 artifacts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import edgeopt

PROFILE = str(Path(__file__).with_name("fp32-three-runtimes.toml"))
#: Side of the image and width of the first layer, by about how many ms one thread takes.
SIZES = {"0.1 ms": (48, 16), "5 ms": (160, 32)}


def network(width: int) -> Any:
    """Three convolutions on an RGB image, 10 classes."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, width, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Conv2d(width, 2 * width, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(2 * width, 4 * width, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(4 * width, 10),
    ).eval()


def write(folder: Path, side: int, width: int) -> Path:
    """Convert one with three runtimes; the run's folder."""
    import torch

    images = np.random.default_rng(0).standard_normal((400, 3, side, side)).astype(np.float32)
    edgeopt.optimize(
        network(width),
        PROFILE,
        {"input": images},
        out=folder,
        example_inputs=torch.zeros(1, 3, side, side),
        max_drop=0.05,
        budget="quick",
    )
    return folder
