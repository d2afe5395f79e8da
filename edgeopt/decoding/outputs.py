"""ON THE DEVICE AND HOST. A model's outputs, looked at: which fits a head, and what to say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

CERTAIN, POSSIBLE, NO = "certain", "possible", "no"


@dataclass(frozen=True)
class Recognition:
    """Whether outputs are those of a head: `certain`, `possible` or `no`, and why."""

    level: str
    reason: str

    def __bool__(self):
        return self.level != NO


class WrongHead(ValueError):
    """The outputs are not those of this head: what it wants, and what is there."""

    def __init__(self, head, wants, outputs, why=""):
        shapes = ", ".join(f"{name} {list(np.shape(a))}" for name, a in outputs.items())
        self.why = why or f"the outputs are {shapes}"
        got = f"; {why}" if why else ""
        super().__init__(f"the head {head} wants {wants}; the outputs are {shapes}{got}")


def batchless(array, dimensions):
    """An array of one image without its leading axes of 1; None where it has other dimensions."""
    array = np.asarray(array)
    while array.ndim > dimensions and array.shape[0] == 1:
        array = array[0]
    return array if array.ndim == dimensions else None


def only(outputs, dimensions):
    """The only output of so many dimensions, in float64; None where there are none or several."""
    arrays = [batchless(array, dimensions) for array in outputs.values()]
    arrays = [array for array in arrays if array is not None]
    return arrays[0].astype(np.float64) if len(arrays) == 1 else None


def named(outputs, words, dimensions):
    """The output whose name has one of the words, in float64; None where that is not one."""
    fitting = {
        name: array
        for name, array in outputs.items()
        if any(word in name.lower() for word in words)
    }
    return only(fitting, dimensions)


def sigmoid(values):
    """1 / (1 + exp(-values)), without overflow."""
    return np.exp(-np.logaddexp(0, -np.asarray(values, np.float64)))


def softmax(values):
    """Over the last axis."""
    values = np.asarray(values, np.float64)
    powers = np.exp(values - values.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def probabilities(values):
    """Scores that are probabilities stay; what leaves 0..1 is logits, and goes through sigmoid."""
    return values if in_unit(values) else sigmoid(values)


def in_unit(values):
    """Whether all lie in 0..1, but for rounding."""
    return bool(np.size(values) == 0 or (np.min(values) >= -1e-3 and np.max(values) <= 1 + 1e-3))


def are_whole(values):
    """Whether all are whole numbers >= 0, but for rounding."""
    values = np.asarray(values)
    return bool(
        np.isfinite(values).all()
        and (np.abs(values - np.round(values)) < 1e-3).all()
        and (values > -1e-3).all()
    )


def are_shares(boxes):
    """Whether the largest of some boxes' figures is too small for pixels."""
    return bool(np.size(boxes) and np.abs(boxes).max() <= 2.0)
