"""Search spaces of small convolutional networks, whose latency does not follow multiply-adds.

A depthwise-separable layer has a fraction of a plain one's multiply-adds and is not that much
faster. $EDGEOPT_BENCH names the task and the seed, as in `estimators`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from benchmarks.search import estimators

EPOCHS, BATCH = 6, 64
SHAPES = {"digits": (1, 8, 8), "spoken-digits": (13, 1, 64), "diabetes": (1, 1, 10)}


def arrays(part: tuple[np.ndarray, np.ndarray], task: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Samples as images [n, channels, height, width], and their labels."""
    features, labels = part
    images = torch.as_tensor(features).reshape(-1, *SHAPES[task])
    kind = torch.float32 if estimators.is_regression(task) else torch.int64
    return images, torch.as_tensor(labels, dtype=kind)


def layer(before: int, width: int, kernel: int, task: str, kind: str) -> nn.Module:
    """One convolution, along the only axis where there is one alone."""
    flat = SHAPES[task][1] == 1
    size, pad = ((1, kernel), (0, kernel // 2)) if flat else ((kernel, kernel), kernel // 2)
    if kind == "plain":
        return nn.Conv2d(before, width, size, padding=pad)
    return nn.Sequential(
        nn.Conv2d(before, before, size, padding=pad, groups=before), nn.Conv2d(before, width, 1)
    )


def build(trial: Any) -> nn.Module:
    """Kind, kernel, width and depth of the layers."""
    task, _ = estimators.asked()
    kind = trial.suggest_categorical("kind", ["plain", "separable"])
    kernel = trial.suggest_categorical("kernel", [3, 5])
    width = trial.suggest_categorical("width", [8, 16, 32, 64])
    depth = trial.suggest_int("depth", 1, 4)
    channels = SHAPES[task][0]
    parts: list[nn.Module] = []
    for number in range(depth):
        before = channels if number == 0 else width
        parts += [layer(before, width, kernel, task, kind), nn.ReLU()]
    outputs = 1 if estimators.is_regression(task) else 10
    size = width * SHAPES[task][1] * SHAPES[task][2]
    return nn.Sequential(*parts, nn.Flatten(), nn.Linear(size, outputs))


def train(model: nn.Module, trial: Any, report: Any) -> None:
    """A few epochs; what is reported is accuracy, or R2, on the validation part."""
    task, seed = estimators.asked()
    parts = estimators.split(task, seed)
    images, labels = arrays(parts.train, task)
    step = torch.optim.Adam(model.parameters(), lr=3e-3)
    lossy = nn.MSELoss() if estimators.is_regression(task) else nn.CrossEntropyLoss()
    for epoch in range(EPOCHS):
        model.train()
        for some in torch.randperm(len(images)).split(BATCH):
            answers = model(images[some])
            answers = answers[:, 0] if estimators.is_regression(task) else answers
            step.zero_grad()
            lossy(answers, labels[some]).backward()
            step.step()
        report(epoch, score(model, parts.valid, task))


def score(model: nn.Module, part: tuple[np.ndarray, np.ndarray], task: str) -> float:
    """Accuracy, or R2."""
    images, labels = arrays(part, task)
    with torch.no_grad():
        answers = model.eval()(images)
    if estimators.is_regression(task):
        rest = ((answers[:, 0] - labels) ** 2).sum() / ((labels - labels.mean()) ** 2).sum()
        return float(1 - rest)
    return float((answers.argmax(1) == labels).float().mean())
