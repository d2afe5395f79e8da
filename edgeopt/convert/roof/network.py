"""The network whose layers are timed for a peak: dense, large, the same for every runtime.

Its first layer widens a small input and its last one narrows: what is copied or quantized at
the borders takes little time.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

#: Part of the identity of what is kept: a change of the network or of how it is timed is a new one.
NETWORK_VERSION = 1

SIDE, CHANNELS, LAYERS, FIRST, LAST = 16, 512, 4, 64, 16
ROWS = SIDE * SIDE
WIDTHS = (FIRST, *[CHANNELS] * LAYERS, LAST)
MULTIPLY_ADDS = ROWS * sum(a * b for a, b in pairwise(WIDTHS))

#: Scales of its integers, in the range of what it computes.
ACTIVATION_SCALE, WEIGHT_SCALE = 0.02, 0.002


def weights() -> Iterator[np.ndarray]:
    """Of each layer, [outputs, inputs] in float32: they keep activations in their range."""
    rng = np.random.default_rng(0)
    for a, b in pairwise(WIDTHS):
        yield (rng.standard_normal((b, a)) * np.sqrt(2 / a)).astype(np.float32)


def integers(weight: np.ndarray) -> np.ndarray:
    """A layer's weights as int8, times `WEIGHT_SCALE`."""
    return np.clip(np.round(weight / WEIGHT_SCALE), -127, 127).astype(np.int8)


def inputs(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """One sample, [1, *shape]."""
    rng = np.random.default_rng(1)
    if np.dtype(dtype).kind == "f":
        return rng.standard_normal((1, *shape)).astype(dtype)
    low = 0 if np.dtype(dtype).kind == "u" else -128
    return rng.integers(low, low + 256, (1, *shape)).astype(dtype)
