"""A candidate's noise laid over the source's answers: what it does where the samples are others.

A sample changes sides where the noise of its answer exceeds the margin of the source's. Few
samples change sides, but every sample has a margin and a noise: each noise laid over each answer
is evidence from all of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: Probabilities nearer to 0 and 1 say nothing more: an 8-bit output has steps of 1/256.
_LEAST = 1e-3


@dataclass(frozen=True, eq=False)
class Noise:
    """Answers of the source and what a candidate adds to them, both float[n, values].

    Probabilities are taken as logits, in which noise is about as large everywhere.

    Attributes:
        kind: "plain", "sigmoid" or "softmax": how `answers` were made of the source's outputs.
        order: samples by how sure the source is of them; noise is exchanged between neighbours in
            it, since answers of which it is sure have other noise.
    """

    answers: np.ndarray
    added: np.ndarray
    kind: str
    order: np.ndarray
    shape: tuple[int, ...]

    @property
    def times(self) -> float:
        """How many times it is laid at first: less than a hundredth of the answers' spread would

        change nothing that could be counted.
        """
        size = float(np.sqrt(np.mean(np.square(self.added))))
        return max(1.0, 0.01 * float(self.answers.std()) / size) if size > 0 else 1.0

    def laid(self, rng: np.random.Generator, times: float) -> np.ndarray:
        """The source's answers [n, *shape] with noise of samples like them, so many times it."""
        n = len(self.order)
        reach = max(4, n // 8)
        place = np.arange(n) + rng.integers(1, reach + 1, n) * rng.choice([-1, 1], n)
        place = np.where(place < 0, -place, place)
        place = np.clip(np.where(place >= n, 2 * n - 2 - place, place), 0, n - 1)
        taken = np.empty(n, np.intp)
        taken[self.order] = self.order[place]
        return _back(self.answers + times * self.added[taken], self.kind).reshape(n, *self.shape)


def noise(source: np.ndarray, outputs: np.ndarray) -> Noise | None:
    """What a candidate adds to the source's answers; None where answers have no distances.

    Args:
        source, outputs: [n, *output shape], finite where numbers are floats.
    """
    if source.dtype.kind != "f" or outputs.dtype.kind != "f" or len(source) < 2:
        return None
    flat = source.reshape(len(source), -1).astype(np.float64)
    own = outputs.reshape(len(outputs), -1).astype(np.float64)
    kind = _kind(flat)
    answers, others = _forward(flat, kind), _forward(own, kind)
    if not np.isfinite(answers).all() or not np.isfinite(others).all():
        return None
    order = np.argsort(_sureness(answers), kind="stable")
    return Noise(answers, others - answers, kind, order, source.shape[1:])


def _kind(answers: np.ndarray) -> str:
    if answers.min() < 0 or answers.max() > 1:
        return "plain"
    if answers.shape[1] == 1:
        return "sigmoid"
    return "softmax" if np.allclose(answers.sum(axis=1), 1, atol=1e-2) else "plain"


def _forward(answers: np.ndarray, kind: str) -> np.ndarray:
    if kind == "plain":
        return answers
    inside = np.clip(answers, _LEAST, 1 - _LEAST)
    logits: np.ndarray = np.log(inside / (1 - inside)) if kind == "sigmoid" else np.log(inside)
    return logits


def _back(answers: np.ndarray, kind: str) -> np.ndarray:
    if kind == "plain":
        return answers
    if kind == "sigmoid":
        return 1 / (1 + np.exp(-answers))
    powers = np.exp(answers - answers.max(axis=1, keepdims=True))
    shares: np.ndarray = powers / powers.sum(axis=1, keepdims=True)
    return shares


def _sureness(answers: np.ndarray) -> np.ndarray:
    """float[n]: how far the best value is from the next, or one value from the middle."""
    if answers.shape[1] == 1:
        return np.abs(answers[:, 0] - np.median(answers))
    best = np.partition(answers, -2, axis=1)
    gap: np.ndarray = best[:, -1] - best[:, -2]
    return gap
