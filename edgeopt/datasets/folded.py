"""The user's samples as a folded model takes them, with numpy. The user's data stays as it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgeopt.datasets import pixels
from edgeopt.datasets.advice import Advice
from edgeopt.datasets.marked_images import MarkedImages
from edgeopt.datasets.samples import Samples
from edgeopt.decoding.preparation import Preparation
from edgeopt.domain.errors import BadInput
from edgeopt.domain.fold import FoldedInput

#: Steps of uint8 by which data may be off a whole number, or out of 0..255, before it is told.
WHOLE, OUTSIDE = 0.02, 1.0


def steps(array: np.ndarray, fold: FoldedInput) -> np.ndarray:
    """Where samples [n, *original shape] lie on the scale of uint8, in the original's layout."""
    axis = 1 + fold.channel_axis(array.shape[1:])
    mean, scale = (_along(values, axis, array.ndim) for values in (fold.mean, fold.scale))
    found: np.ndarray = array.astype(np.float64) / scale + mean
    return found


def encode(array: np.ndarray, fold: FoldedInput) -> np.ndarray:
    """Samples [n, *original shape] -> uint8 [n, *folded shape], rounded and clipped."""

    def of(block: np.ndarray) -> np.ndarray:
        rounded = np.clip(np.rint(steps(block, fold)), 0, 255).astype(np.uint8)
        return _turned(rounded, fold.to_folded)

    return pixels.encoded(array, of)


def decode(array: np.ndarray, fold: FoldedInput, dtype: str) -> np.ndarray:
    """The way back, as the folded model does it."""
    original = _turned(array, fold.to_original)
    axis = 1 + fold.channel_axis(original.shape[1:])
    mean, scale = (_along(v, axis, original.ndim).astype(dtype) for v in (fold.mean, fold.scale))
    found: np.ndarray = (original.astype(dtype) - mean) * scale
    return found


def encoded(samples: Samples, fold: FoldedInput) -> tuple[Samples, tuple[Advice, ...]]:
    """Samples with the folded input as uint8, and what the user should know of the rounding.

    Raises:
        BadInput: the data does not come from 0..255 by this mean and scale.
    """
    array = samples.inputs[fold.name]
    low, high, off = np.inf, -np.inf, 0.0
    for block in pixels.blocks(array):
        found = steps(block, fold)
        low, high = min(low, float(found.min())), max(high, float(found.max()))
        off = max(off, float(np.abs(found - np.rint(found)).max()))
    if low < -OUTSIDE or high > 255 + OUTSIDE:
        raise BadInput(
            f"{samples.origin}: input {fold.name!r} does not come from pixels by (pixel - mean) * "
            f"scale: it would need pixels from {low:.4g} to {high:.4g}.",
            "Give the mean and scale that the data was made with.",
        )
    advice = (
        (
            Advice(
                f"{samples.origin}: input {fold.name!r} is rounded to whole pixels, by up to "
                f"{off:.2f} of one",
                "The scores are those of the rounded data, which is what the model is given.",
            ),
        )
        if off > WHOLE
        else ()
    )
    inputs = {**samples.inputs, fold.name: encode(array, fold)}
    marks = samples.marks
    if isinstance(marks, MarkedImages):
        marks = replace(marks, preparation=_of_pixels(marks.preparation, fold, samples.origin))
    return replace(samples, inputs=inputs, marks=marks), advice


def _of_pixels(prepared: Preparation, fold: FoldedInput, origin: str) -> Preparation:
    """How an image is prepared for the folded input: its pixels as they are.

    Raises:
        BadInput: what is folded in is not what the images were prepared with.
    """
    said = [np.broadcast_to(values, 3) for values in (fold.mean, fold.scale)]
    if not np.allclose(said, [prepared.mean, prepared.scale], rtol=1e-6):
        own = ", ".join(
            f"{name} {'/'.join(f'{v:.6g}' for v in values)}"
            for name, values in (("mean", prepared.mean), ("scale", prepared.scale))
        )
        raise BadInput(
            f"{origin}: the images are prepared with {own}, and --fold-input says otherwise.",
            "Fold in the same mean and scale.",
        )
    layout = prepared.layout if fold.layout == "same" else fold.layout
    none, one = (0.0,) * 3, (1.0,) * 3
    return replace(prepared, dtype="uint8", mean=none, scale=one, layout=layout)


def _along(values: tuple[float, ...], axis: int, rank: int) -> np.ndarray:
    """One number for all, or one for each along an axis, ready to be broadcast."""
    array = np.asarray(values, np.float64)
    if array.size == 1:
        return array
    return array.reshape([-1 if i == axis else 1 for i in range(rank)])


def _turned(array: np.ndarray, axes: tuple[int, ...] | None) -> np.ndarray:
    """A batch of samples [n, *shape] with the axes of each sample turned."""
    if axes is None:
        return array
    return np.ascontiguousarray(np.transpose(array, [0, *(axis + 1 for axis in axes)]))
