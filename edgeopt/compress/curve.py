"""A training as it went: its curves, as JSON beside the stage that it made."""

from __future__ import annotations

from pathlib import Path

import msgspec

from edgeopt.domain.compression import Training
from edgeopt.domain.model import Value


class Epoch(Value, kw_only=True, frozen=True):
    """One point of the curves.

    Attributes:
        loss: mean over the batches; held_out: the same loss on the samples that do not train.
        right: share of those that agree with the labels, else with the source; null for values.
        rate: of learning. seconds: it took.
    """

    number: int
    loss: float | None
    held_out: float | None
    right: float | None
    rate: float
    seconds: float


class Curve(Value, kw_only=True, frozen=True):
    """A training as it went.

    Attributes:
        epochs: the first is the state before any training, number 0.
        best: number of the epoch whose weights were taken: least loss on the held-out samples.
        ended: why it ended there, one sentence.
        samples, held_out: how many trained, and how many told when to stop.
        labels: whether they took part.
    """

    training: Training
    epochs: tuple[Epoch, ...]
    best: int
    ended: str
    samples: int
    held_out: int
    labels: bool


def write(curve: Curve, path: Path) -> None:
    """A curve as JSON."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(curve)))
