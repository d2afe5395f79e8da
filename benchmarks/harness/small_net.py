"""A convolutional classifier of about 0.1 ms, with random weights, as a run's fp32 artifacts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import edgeopt

PROFILE = str(Path(__file__).with_name("fp32-three-runtimes.toml"))
SIDE = 32


def network() -> Any:
    """Three convolutions on 3 x 32 x 32, 10 classes."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(32, 64, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(64, 10),
    ).eval()


def write(folder: Path) -> Path:
    """Convert it with three runtimes; the run's folder."""
    import torch

    images = np.random.default_rng(0).standard_normal((400, 3, SIDE, SIDE)).astype(np.float32)
    edgeopt.optimize(
        network(),
        PROFILE,
        {"input": images},
        out=folder,
        example_inputs=torch.zeros(1, 3, SIDE, SIDE),
        max_drop=0.05,
        budget="quick",
    )
    return folder
