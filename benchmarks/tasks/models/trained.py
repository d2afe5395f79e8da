"""How the networks of this package are trained and written: a seed, AdamW, a warm-up, a cosine."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

Step = Callable[[np.ndarray], Tensor]


def train(net: nn.Module, loss_of: Step, count: int, epochs: int, batch: int, rate: float) -> None:
    """Train on rows 0 .. count - 1 of what `loss_of(rows)` takes; progress goes to stderr."""
    rng = np.random.default_rng(0)
    optimizer = torch.optim.AdamW(net.parameters(), rate, weight_decay=0.01)
    each = math.ceil(count / batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, rate, total_steps=epochs * each, pct_start=0.1
    )
    net.train()
    for epoch in range(epochs):
        losses = []
        for rows in np.array_split(rng.permutation(count), each):
            loss = loss_of(rows)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 10.0)
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
        print(f"epoch {epoch + 1} of {epochs}: loss {np.mean(losses):.3f}", file=sys.stderr)
    net.eval()


def write(
    net: nn.Module, example: tuple[Tensor, ...], stem: Path, inputs: list[str], output: str
) -> None:
    """`stem`.pt2, the source that is pruned, and `stem`.onnx; batch 1.

    Raises:
        ValueError: an example is given twice: both inputs would be exported as one.
    """
    if len({id(one) for one in example}) < len(example):
        raise ValueError("each input needs an example of its own")
    net.eval()
    torch.export.save(torch.export.export(net, example), f"{stem}.pt2")
    torch.onnx.export(
        net, example, f"{stem}.onnx", dynamo=True, external_data=False, verbose=False,
        input_names=inputs, output_names=[output],
    )  # fmt: skip
