"""Common corruptions of inputs, as a camera, a microphone or a lamp would make them.

Pure functions of numpy arrays, the same for the same seed. Their kinds follow Hendrycks and
Dietterich, "Benchmarking Neural Network Robustness to Common Corruptions and Perturbations"
(ICLR 2019); their strengths do not, since a model's inputs may have any scale: they are in
standard deviations of the input's own values. What is made stays within the values seen.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from edgeopt.datasets.pixels import Form, Pixels, blocks

LEVELS = ("mild", "strong")
MOST_CHANNELS = 4  # an axis of at most so many is one of channels, not of pixels


@dataclass(frozen=True)
class Corruption:
    """One way to spoil inputs.

    Attributes:
        strengths: of each level. about: in words, with {} for the strength; "s.d." are standard
            deviations of the input's values.
        apply: (values float64 [n, ...], their spread, strength, generator) -> [n, ...].
        images_only: whether it needs two axes of pixels.
    """

    name: str
    about: str
    strengths: tuple[float, float]
    apply: Callable[[np.ndarray, float, float, np.random.Generator], np.ndarray]
    images_only: bool = False

    def what(self, level: str) -> str:
        """How it is made, in words."""
        return self.about.format(f"{self.strengths[LEVELS.index(level)]:g}")


def _noise(
    values: np.ndarray, spread: float, strength: float, rng: np.random.Generator
) -> np.ndarray:
    return values + strength * spread * rng.standard_normal(values.shape)


def _brightness(
    values: np.ndarray, spread: float, strength: float, rng: np.random.Generator
) -> np.ndarray:
    return values + strength * spread


def _gain(
    values: np.ndarray, spread: float, strength: float, rng: np.random.Generator
) -> np.ndarray:
    return values * strength


def _blur(
    values: np.ndarray, spread: float, strength: float, rng: np.random.Generator
) -> np.ndarray:
    """A Gaussian over the two axes of pixels; beyond the border its last pixel goes on."""
    radius = max(1, int(np.ceil(3 * strength)))
    steps = np.arange(-radius, radius + 1)
    kernel = np.exp(-0.5 * (steps / strength) ** 2)
    kernel /= kernel.sum()
    axes = pixel_axes(values.shape)
    assert axes is not None
    for axis in axes:
        pad = [(0, 0)] * values.ndim
        pad[axis] = (radius, radius)
        padded = np.pad(values, pad, mode="edge")
        length = values.shape[axis]
        shifted = (
            weight * np.take(padded, range(i, i + length), axis=axis)
            for i, weight in enumerate(kernel)
        )
        values = np.sum(list(shifted), axis=0)
    return values


CORRUPTIONS = {
    one.name: one
    for one in (
        Corruption("noise", "Gaussian, {} s.d.", (0.1, 0.3), _noise),
        Corruption("blur", "Gaussian, {} pixels", (0.7, 1.5), _blur, images_only=True),
        Corruption("brightness", "+ {} s.d.", (0.25, 0.75), _brightness),
        Corruption("gain", "× {}", (0.8, 0.5), _gain),
    )
}


def pixel_axes(shape: tuple[int, ...]) -> tuple[int, int] | None:
    """The two axes of pixels of [n, ...]; None where it holds no images.

    [n, H, W], [n, C, H, W], [n, H, W, C], each with a batch axis of 1 after n or without.
    """
    axes = [axis for axis, size in enumerate(shape) if axis > 0 and size > MOST_CHANNELS]
    if len(axes) != 2 or axes[1] - axes[0] != 1 or not 3 <= len(shape) <= 5:
        return None
    return axes[0], axes[1]


def corruptible(array: np.ndarray) -> bool:
    """Whether an input [n, ...] holds a signal: floats or bytes, more than one value each.

    Whole numbers of more bytes are counts, ids or tokens.
    """
    signal = array.dtype.kind == "f" or array.dtype.itemsize == 1
    return signal and array.dtype.kind in "fiu" and array[:1].size > 1


def applicable(inputs: dict[str, np.ndarray]) -> tuple[str, ...]:
    """The corruptions that change any of these inputs."""
    signals = [array for array in inputs.values() if corruptible(array)]
    images = any(pixel_axes(array.shape) for array in signals)
    return tuple(
        name for name, one in CORRUPTIONS.items() if signals and (images or not one.images_only)
    )


def corrupt(
    inputs: dict[str, np.ndarray], name: str, level: str, seed: int
) -> dict[str, np.ndarray]:
    """The inputs with one corruption, in their own element types.

    Args:
        inputs: input -> [n, ...]. name: of `CORRUPTIONS`. level: of `LEVELS`.
        seed: the same for the same noise. Inputs that hold no signal stay as they are.
    """
    kind = CORRUPTIONS[name]
    strength = kind.strengths[LEVELS.index(level)]
    return {
        key: _corrupted(array, kind, strength, np.random.default_rng([seed, _number(key)]))
        for key, array in inputs.items()
    }


def _corrupted(
    array: np.ndarray, kind: Corruption, strength: float, rng: np.random.Generator
) -> np.ndarray:
    if not corruptible(array) or (kind.images_only and pixel_axes(array.shape) is None):
        return array
    if isinstance(array, Pixels):
        return _lazily(array, kind, strength, int(rng.integers(2**32)))
    low, high, spread = float(array.min()), float(array.max()), float(array.std(dtype=np.float64))
    made = np.empty_like(array)
    for i in range(len(array)):  # one by one: a part of a thousand photos is large in float64
        values = array[i : i + 1].astype(np.float64)
        values = np.clip(kind.apply(values, spread, strength, rng), low, high)
        made[i] = (values if array.dtype.kind == "f" else np.rint(values))[0]
    return made


@dataclass(frozen=True)
class _Spoiled:
    """How bytes of images become corrupted values: nothing is kept but the bytes themselves.

    Attributes:
        form: how they become values. low, high, spread: of all values. seed: of the noise, with the
            content of each image.
    """

    form: Form
    kind: Corruption
    strength: float
    low: float
    high: float
    spread: float
    seed: int

    @property
    def shape(self) -> tuple[int, ...]:
        """See `pixels.Form`."""
        return self.form.shape

    @property
    def dtype(self) -> str:
        """See `pixels.Form`."""
        return self.form.dtype

    def values(self, part: np.ndarray, corner: tuple[int, int]) -> np.ndarray:
        """See `pixels.Form`."""
        clean = np.asarray(self.form.values(part, corner), np.float64)[None]
        rng = np.random.default_rng([self.seed, zlib.crc32(np.ascontiguousarray(part).tobytes())])
        made = self.kind.apply(clean, self.spread, self.strength, rng)
        made = np.clip(made, self.low, self.high)[0]
        dtype = np.dtype(self.dtype)
        return (made if dtype.kind == "f" else np.rint(made)).astype(dtype)


def _lazily(array: Pixels, kind: Corruption, strength: float, seed: int) -> np.ndarray:
    """Images of bytes, corrupted whenever their values are read."""
    low, high, total, squares = np.inf, -np.inf, 0.0, 0.0
    for block in blocks(array):  # type: ignore[arg-type]
        low, high = min(low, float(block.min())), max(high, float(block.max()))
        total += float(block.sum(dtype=np.float64))
    mean = total / array.size
    for block in blocks(array):  # type: ignore[arg-type]
        squares += float(np.square(block.astype(np.float64) - mean).sum())
    spread = float(np.sqrt(squares / array.size))
    form = _Spoiled(array.form, kind, strength, low, high, spread, seed)
    made: Any = replace(array, form=form)
    return made


def _number(name: str) -> int:
    """A number for a name, the same in every process."""
    return zlib.crc32(name.encode())
