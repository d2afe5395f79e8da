"""Trains a small convolutional network on scikit-learn's digits: python train_digits.py FOLDER"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch.nn import BatchNorm2d, Conv2d, Flatten, Linear, ReLU, Sequential

folder = Path(sys.argv[1])
torch.set_num_threads(1)  # two gain nothing on so small a network, and wait for each other
images, labels = load_digits(return_X_y=True)
images = (images / 16).astype(np.float32).reshape(-1, 1, 8, 8)
order = np.random.default_rng(0).permutation(len(images))
train, rest = order[:900], order[900:]

torch.manual_seed(0)
module = Sequential(
    Conv2d(1, 16, 3, padding=1),
    BatchNorm2d(16),
    ReLU(),
    Conv2d(16, 32, 3, padding=1, stride=2),
    BatchNorm2d(32),
    ReLU(),
    Flatten(),
    Linear(512, 10),
)
optimizer = torch.optim.Adam(module.parameters(), 1e-2)
x, y = torch.from_numpy(images[train]), torch.from_numpy(labels[train])
for _ in range(15):
    for start in range(0, len(x), 64):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(
            module(x[start : start + 64]), y[start : start + 64]
        )
        loss.backward()
        optimizer.step()
module.eval()

torch.export.save(torch.export.export(module, (x[:1],)), folder / "digits.pt2")
torch.onnx.export(
    module,
    (x[:2],),
    str(folder / "digits.onnx"),
    dynamo=True,
    input_names=["image"],
    output_names=["logits"],
    dynamic_shapes=[{0: torch.export.Dim("batch")}],
    external_data=False,
    verbose=False,
)
np.savez(folder / "digits.npz", image=images[rest], labels=labels[rest])
