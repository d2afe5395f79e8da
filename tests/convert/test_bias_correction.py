"""Means over the places of a kernel, against convolutions done the slow way."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeopt.convert.bias_correction import POINT, Window, place_means, same_padding, shift


def slow(image, weights, window, groups):
    """[outputs]: the mean output of a convolution, by its definition."""
    outputs, per_group = weights.shape[0], weights.shape[3]
    totals = np.zeros(outputs)
    for r in range(window.output[0]):
        for c in range(window.output[1]):
            for i in range(window.kernel[0]):
                for j in range(window.kernel[1]):
                    y = r * window.strides[0] + i * window.dilations[0] - window.before[0]
                    x = c * window.strides[1] + j * window.dilations[1] - window.before[1]
                    if 0 <= y < image.shape[0] and 0 <= x < image.shape[1]:
                        for o in range(outputs):
                            g = o // (outputs // groups)
                            seen = image[y, x, g * per_group : (g + 1) * per_group]
                            totals[o] += weights[o, i, j] @ seen
    return totals / (window.output[0] * window.output[1])


sides = st.tuples(st.integers(1, 3), st.integers(1, 3))


@given(
    size=st.tuples(st.integers(1, 7), st.integers(1, 7)),
    kernel=sides,
    strides=sides,
    dilations=st.tuples(st.integers(1, 2), st.integers(1, 2)),
    groups=st.sampled_from([1, 2, 4]),
    seed=st.integers(0, 9),
)
def test_the_mean_shift_is_that_of_the_convolution(size, kernel, strides, dilations, groups, seed):
    before = tuple(same_padding(*one) for one in zip(size, kernel, strides, dilations, strict=True))
    output = tuple(-(-n // s) for n, s in zip(size, strides, strict=True))
    window = Window(kernel, strides, dilations, before, output)
    rng = np.random.default_rng(seed)
    image = rng.normal(size=(*size, 4))
    weights = rng.normal(size=(4, *kernel, 4 // groups))
    found = shift(weights, place_means(image, window), groups)
    assert found == pytest.approx(slow(image, weights, window, groups))


def test_a_matrix_product_sees_its_input():
    image = np.array([[[1.0, 2.0, 3.0]]])
    weights = np.array([[1.0, 0, 0], [0, 1, 1]])[:, None, None, :]
    assert shift(weights, place_means(image, POINT)).tolist() == [1.0, 5.0]
