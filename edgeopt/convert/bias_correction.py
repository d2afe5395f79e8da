"""What rounded weights add to a layer's output on average, so that its bias can take it away.

Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias Correction" (ICCV 2019),
section 4.2: for a layer y = W x whose weights are rounded to W + dW, the outputs shift by
E[dW x] = dW E[x]. Here E[x] is measured on calibration samples, for every place of the kernel
by itself, since a kernel sees padding at the edges: the result is exact for these samples.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Window:
    """How a kernel moves over an image.

    Attributes:
        kernel, strides, dilations: (vertical, horizontal).
        before: zeros above and to the left.
        output: rows and columns of the result.
    """

    kernel: tuple[int, int]
    strides: tuple[int, int]
    dilations: tuple[int, int]
    before: tuple[int, int]
    output: tuple[int, int]


#: A matrix product: one place, one position.
POINT = Window((1, 1), (1, 1), (1, 1), (0, 0), (1, 1))


def same_padding(size: int, kernel: int, stride: int, dilation: int) -> int:
    """Zeros before the first element where TensorFlow's SAME padding is meant."""
    reach = (kernel - 1) * dilation + 1
    output = -(-size // stride)
    return max(0, (output - 1) * stride + reach - size) // 2


def place_means(image: np.ndarray, window: Window) -> np.ndarray:
    """What each place of a kernel sees on average over all positions.

    Args:
        image: [rows, columns, channels] of one sample.

    Returns:
        float64[kernel rows, kernel columns, channels]; positions in the padding count as zeros.
    """
    rows, columns, channels = image.shape
    found = np.zeros((*window.kernel, channels))
    for i in range(window.kernel[0]):
        vertical = _inside(rows, window, 0, i)
        for j in range(window.kernel[1]):
            seen = image[vertical, _inside(columns, window, 1, j)]
            found[i, j] = seen.sum(axis=(0, 1), dtype=np.float64)
    return found / (window.output[0] * window.output[1])


def _inside(size: int, window: Window, axis: int, place: int) -> slice:
    """The elements of an axis that one place of the kernel falls on."""
    stride = window.strides[axis]
    start = place * window.dilations[axis] - window.before[axis]
    first = start if start >= 0 else start % stride
    last = start + (window.output[axis] - 1) * stride
    return slice(first, min(last, size - 1) + 1, stride)


def shift(error: np.ndarray, means: np.ndarray, groups: int = 1) -> np.ndarray:
    """By how much each output channel is off on average.

    Args:
        error: [outputs, kernel rows, kernel columns, inputs of a group], rounded less true weights.
        means: [kernel rows, kernel columns, inputs], of `place_means`, averaged over samples.

    Returns:
        float64[outputs].
    """
    outputs, inputs = error.shape[0] // groups, error.shape[3]
    return np.concatenate(
        [
            np.einsum(
                "orci,rci->o",
                error[g * outputs : (g + 1) * outputs].astype(np.float64),
                means[:, :, g * inputs : (g + 1) * inputs],
            )
            for g in range(groups)
        ]
    )
