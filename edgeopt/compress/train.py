"""Recovery: a damaged model is trained towards the source's answers and the labels.

An epoch is written to the disk when it is done; an interrupted training goes on from there.
"""

from __future__ import annotations

import contextlib
import copy
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from edgeopt.compress.curve import Curve, Epoch
from edgeopt.compress.distillation_set import CHUNK, DistillationSet
from edgeopt.compress.features import Pairs
from edgeopt.compress.sparsify import zeros_of
from edgeopt.domain.compression import Training
from edgeopt.domain.progress import Listener, silent

if TYPE_CHECKING:
    import torch

LAST_RATE = 0.01  # of the first, where the cosine ends


@dataclass
class _State:
    """Where a training stands."""

    module: Any
    optimizer: Any
    rng: np.random.Generator
    best_weights: dict[str, Any]
    epochs: list[Epoch] = field(default_factory=list)
    best: int = 0

    def save(self, path: Path) -> None:
        """Write all of it, whole or not at all."""
        import torch

        part = path.with_suffix(".part")
        torch.save(
            {
                "module": self.module.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "rng": self.rng.bit_generator.state,
                "torch_rng": torch.get_rng_state(),
                "best_weights": self.best_weights,
                "epochs": msgspec.to_builtins(self.epochs),
                "best": self.best,
            },
            part,
        )
        part.replace(path)

    def load(self, path: Path) -> None:
        """Go on from what was written; what cannot be read counts as not written."""
        import torch

        try:
            kept = torch.load(path, weights_only=True)
        except Exception:  # none there, torn, or of another version: pickles fail in many ways
            return
        with contextlib.suppress(RuntimeError, ValueError, KeyError):
            self.module.load_state_dict(kept["module"])
            self.optimizer.load_state_dict(kept["optimizer"])
            self.rng.bit_generator.state = kept["rng"]
            torch.set_rng_state(kept["torch_rng"])
            self.best_weights, self.best = kept["best_weights"], kept["best"]
            self.epochs = msgspec.convert(kept["epochs"], list[Epoch])


def train(
    module: torch.nn.Module,
    data: DistillationSet,
    training: Training,
    checkpoint: Path,
    tell: Listener = silent,
    watch: Callable[[Epoch], None] = lambda epoch: None,
) -> Curve:
    """Train in place; on return the module has the weights of the best epoch, the start included.

    Args:
        checkpoint: where every epoch is written; removed at the end.
        watch: told every epoch that was made now, the state before the training included.
    """
    import torch

    torch.manual_seed(training.seed)
    state = _State(
        module,
        _optimizer(module, training),
        np.random.default_rng(training.seed),
        copy.deepcopy(module.state_dict()),
    )
    state.load(checkpoint)
    masks = zeros_of(module)
    with Pairs(module, data.source, training.features) as pairs:
        if not state.epochs:
            state.epochs.append(_look(module, data, training, 0, None, 0.0, 0.0))
            watch(state.epochs[0])
        ended = _epochs(state, data, training, masks, pairs, checkpoint, tell, watch)
    module.load_state_dict(state.best_weights)
    module.eval()
    checkpoint.unlink(missing_ok=True)
    return Curve(
        training=training,
        epochs=tuple(state.epochs),
        best=state.best,
        ended=ended,
        samples=len(data.train),
        held_out=len(data.held_out),
        labels=data.labels is not None and training.distillation < 1,
    )


def _epochs(
    state: _State,
    data: DistillationSet,
    training: Training,
    masks: dict[str, Any],
    pairs: Pairs,
    checkpoint: Path,
    tell: Listener,
    watch: Callable[[Epoch], None],
) -> str:
    """All epochs that are left; returns why it ended."""
    for number in range(state.epochs[-1].number + 1, training.epochs + 1):
        if number - state.best > training.patience:
            return (
                f"the held-out loss has not fallen for {training.patience} epochs; "
                f"the weights are of epoch {state.best}"
            )
        began = time.monotonic()
        loss = _epoch(state, data, training, masks, pairs, number)
        taken = time.monotonic() - began
        done = _look(state.module, data, training, number, loss, rate_at(training, number), taken)
        state.epochs.append(done)
        watch(done)
        if loss is None or done.held_out is None:
            return (
                f"the training diverged in epoch {number} (its loss is no number any more); the "
                f"weights are of epoch {state.best}. A lower learning rate than "
                f"{training.learning_rate:g} may help"
            )
        best = state.epochs[state.best].held_out
        if best is None or done.held_out < best:
            state.best, state.best_weights = number, copy.deepcopy(state.module.state_dict())
        state.save(checkpoint)
        typical = float(np.median([epoch.seconds for epoch in state.epochs[1:]]))
        left_s = typical * (training.epochs - number)
        tell(f"epoch {number}, about {left_s:.0f} s left at most", number, training.epochs)
    return f"all {training.epochs} epochs were made; the weights are of epoch {state.best}"


def _epoch(
    state: _State,
    data: DistillationSet,
    training: Training,
    masks: dict[str, Any],
    pairs: Pairs,
    number: int,
) -> float | None:
    """One pass over the samples; the mean loss, None once it is no number."""
    import torch

    module, total, count = state.module, 0.0, 0
    _to_train(module, training)
    named = dict(module.named_parameters())
    for group in state.optimizer.param_groups:
        group["lr"] = rate_at(training, number)
    for rows in data.batches(training.batch, state.rng):
        state.optimizer.zero_grad()
        loss = data.loss(training, data.asked(module, rows), rows)
        loss = loss + pairs.distance(data.of(rows))
        if training.l1:
            weights = (p.abs().sum() for p in named.values() if p.ndim > 1)
            loss = loss + training.l1 * sum(weights)
        if not torch.isfinite(loss):
            return None
        loss.backward()
        torch.nn.utils.clip_grad_norm_(module.parameters(), training.clip_norm)
        state.optimizer.step()
        with torch.no_grad():
            for name, mask in masks.items():
                named[name].mul_(mask)
        total, count = total + float(loss.detach()) * len(rows), count + len(rows)
    return total / count


def _to_train(module: Any, training: Training) -> None:
    import torch

    module.train()
    if training.batch_norm == "keep":
        for layer in module.modules():
            if isinstance(layer, torch.nn.modules.batchnorm._BatchNorm):
                layer.eval()


def rate_at(training: Training, number: int) -> float:
    """The learning rate of an epoch, the first being 1: half a cosine."""
    share = (number - 1) / max(1, training.epochs)
    height = 0.5 * (1 + math.cos(math.pi * share))
    return training.learning_rate * (LAST_RATE + (1 - LAST_RATE) * height)


def _optimizer(module: Any, training: Training) -> Any:
    """Biases and norms are not decayed."""
    import torch

    decayed = [p for p in module.parameters() if p.requires_grad and p.ndim > 1]
    free = [p for p in module.parameters() if p.requires_grad and p.ndim <= 1]
    groups: list[dict[str, Any]] = [
        {"params": decayed, "weight_decay": training.weight_decay},
        {"params": free, "weight_decay": 0.0},
    ]
    if training.optimizer == "sgd":
        return torch.optim.SGD(groups, training.learning_rate, momentum=training.momentum)
    kind = torch.optim.Adam if training.optimizer == "adam" else torch.optim.AdamW
    return kind(groups, training.learning_rate)


def _look(
    module: Any,
    data: DistillationSet,
    training: Training,
    number: int,
    loss: float | None,
    rate: float,
    seconds: float,
) -> Epoch:
    """How the held-out samples fare."""
    import torch

    module.eval()
    rows = data.held_out
    with torch.no_grad():
        chunks = [data.asked(module, rows[i : i + CHUNK]) for i in range(0, len(rows), CHUNK)]
        answers = tuple(torch.cat(each) for each in zip(*chunks, strict=True))
        held_out = float(data.loss(training, answers, rows))
    return Epoch(
        number=number,
        loss=loss,
        held_out=held_out if math.isfinite(held_out) else None,
        right=data.right(answers, rows),
        rate=rate,
        seconds=round(seconds, 3),
    )
