"""Fully connected layers over columns, of which it may take some."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Perceptron(nn.Module):
    """float32[n, features] -> float32[n, outputs].

    Raises:
        ValueError: a chosen column is none of the features.
    """

    chosen: Tensor | None

    def __init__(
        self,
        features: int,
        outputs: int,
        width: int,
        depth: int,
        chosen: Sequence[int] | None = None,
    ) -> None:
        super().__init__()
        if chosen is not None and not all(0 <= number < features for number in chosen):
            raise ValueError(f"columns must be within 0 and {features - 1}, got {list(chosen)}")
        some = None if chosen is None else torch.tensor(list(chosen))
        self.register_buffer("chosen", some)
        into, layers = features if chosen is None else len(chosen), []
        for _ in range(depth):
            layers += [nn.Linear(into, width), nn.BatchNorm1d(width), nn.ReLU()]
            into = width
        self.features = nn.Sequential(*layers)
        self.head = nn.Linear(into, outputs)

    def forward(self, columns: Tensor) -> Tensor:
        x = columns if self.chosen is None else columns.index_select(1, self.chosen)
        return self.head(self.features(x))
