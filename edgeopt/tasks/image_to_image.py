"""Images for images (super-resolution, denoising): PSNR and SSIM, the mean of all images."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from edgeopt.domain.errors import BadInput
from edgeopt.tasks.contributions import Contributions, Floats, Sums, Table
from edgeopt.tasks.counted import mean
from edgeopt.tasks.task import Measure, Outputs

#: Of an image without error, whose PSNR is infinite: what no rounding to 16 bits reaches.
MOST_DB = 100.0
#: Wang, Bovik, Sheikh and Simoncelli (2004): a Gaussian of 1.5 pixels in a window of 11.
_SIGMA, _WINDOW, _K1, _K2 = 1.5, 11, 0.01, 0.03


def psnr(answers: Iterable[np.ndarray], truths: Iterable[np.ndarray], high: float) -> Sums:
    """The mean peak signal-to-noise ratio, dB, at most `MOST_DB` an image.

    Args:
        answers, truths: of any shape, the same for each pair. high: the range of values: 255 or 1.

    Raises:
        BadInput: an answer and its truth differ in shape.
    """
    return mean(
        np.array([_psnr(*_alike(a, t), high) for a, t in zip(answers, truths, strict=True)])
    )


def _psnr(found: Floats, wanted: Floats, high: float) -> float:
    error = float(((found - wanted) ** 2).mean())
    least = high**2 / 10 ** (MOST_DB / 10)
    return float(10 * np.log10(high**2 / max(error, least)))


def ssim(answers: Iterable[np.ndarray], truths: Iterable[np.ndarray], high: float) -> Sums:
    """The mean structural similarity, within -1..1, of Wang's Gaussian window.

    As scikit-image gives it with `gaussian_weights=True, sigma=1.5, use_sample_covariance=False`:
    borders of five pixels are left out, channels averaged.

    Args:
        answers, truths: [height, width] or [height, width, channels]. high: as in `psnr`.

    Raises:
        BadInput: as `psnr`, or an image is smaller than the window.
    """
    return mean(
        np.array([_ssim(*_alike(a, t), high) for a, t in zip(answers, truths, strict=True)])
    )


def _ssim(found: Floats, wanted: Floats, high: float) -> float:
    if min(found.shape[:2]) < _WINDOW:
        raise BadInput(
            f"ssim looks at windows of {_WINDOW} x {_WINDOW} pixels, and an image has "
            f"{found.shape[1]} x {found.shape[0]}.",
            "Use psnr.",
        )
    if found.ndim == 2:
        found, wanted = found[..., None], wanted[..., None]
    x, y = _blurred(found), _blurred(wanted)
    xx, yy = _blurred(found * found) - x * x, _blurred(wanted * wanted) - y * y
    xy = _blurred(found * wanted) - x * y
    c1, c2 = (_K1 * high) ** 2, (_K2 * high) ** 2
    alike = (2 * x * y + c1) * (2 * xy + c2) / ((x * x + y * y + c1) * (xx + yy + c2))
    edge = _WINDOW // 2
    return float(alike[edge:-edge, edge:-edge].mean())


def _blurred(image: Floats) -> Floats:
    from scipy.ndimage import gaussian_filter

    radius = _WINDOW // 2
    return np.asarray(gaussian_filter(image, _SIGMA, axes=(0, 1), radius=radius), np.float64)


def _alike(answer: np.ndarray, truth: np.ndarray) -> tuple[Floats, Floats]:
    if answer.shape != truth.shape:
        raise BadInput(
            f"an answer of shape {list(answer.shape)} cannot be compared with an image of "
            f"{list(truth.shape)}.",
            "Give truths of the output's size and layout.",
        )
    there = _extent(answer)
    return answer[there].astype(np.float64), truth[there].astype(np.float64)


def _extent(answer: np.ndarray) -> tuple[slice, slice]:
    """The rows and columns of an image that are not all +infinity, which is past its end."""
    past = np.isposinf(answer)
    rows, columns = (
        (~past.all(axis=tuple(i for i in range(answer.ndim) if i != axis))).sum() for axis in (0, 1)
    )
    return slice(int(rows)), slice(int(columns))


METRICS = {"psnr": psnr, "ssim": ssim}
MEASURES = (
    Measure("psnr", "peak signal-to-noise ratio in dB, the mean of the images", points=False),
    Measure("ssim", "structural similarity (Wang 2004), the mean of the images"),
)


@dataclass(frozen=True)
class ImageToImage:
    """A model that gives an image for an image.

    Attributes:
        output: its name. high: the largest of its values: 255 or 1.
        channels_first: [channels, height, width], and not [height, width, channels].
        low: the least of its values: 0 or -1.
        ragged: images end where the rest of the output is +infinity (decision 60).
    """

    output: str
    high: float
    channels_first: bool
    low: float = 0.0
    ragged: bool = False
    name: str = field(default="image-to-image", init=False)
    measures: tuple[Measure, ...] = field(default=MEASURES, init=False)

    def answers(self, outputs: Outputs, contexts: Sequence[object] = ()) -> list[np.ndarray]:
        """[height, width, channels] of each sample, cut to low..high.

        Raises:
            BadInput: the output is missing, or holds no images.
        """
        if self.output not in outputs:
            raise BadInput(
                f"the model has no output {self.output}.", f"It has {', '.join(outputs)}."
            )
        return [self._image(one) for one in np.asarray(outputs[self.output])]

    def _image(self, array: np.ndarray) -> np.ndarray:
        while array.ndim > 3 and array.shape[0] == 1:
            array = array[0]
        if array.ndim == 2:
            array = array[..., None]
        elif array.ndim == 3 and self.channels_first:
            array = array.transpose(1, 2, 0)
        if array.ndim != 3 or array.shape[2] not in (1, 3, 4):
            raise BadInput(
                f"the output {self.output} of {list(array.shape)} is no image.",
                "Name the output that holds it, and its layout.",
            )
        image = np.clip(array, self.low, self.high)
        if self.ragged:
            rows, columns = _extent(array)
            image[rows.stop :] = image[:, columns.stop :] = np.inf
        return image

    def truths_of(self, answers: Sequence[np.ndarray]) -> Sequence[np.ndarray]:
        """The source's own images."""
        return answers

    def blind(self, truths: Sequence[np.ndarray]) -> dict[str, list[np.ndarray]]:
        """See `task.Blind`; nothing where images differ in shape."""
        if len({one.shape for one in truths}) != 1:
            return {}
        total = np.zeros(truths[0].shape)
        for one in truths:  # a hundred photos at once are gigabytes in doubles
            total += one
        return {"the mean of all true images": [total / len(truths)] * len(truths)}

    def judged(self, answers: Sequence[np.ndarray], truths: Sequence[np.ndarray]) -> JudgedImages:
        """Compare each image with the one that it should be.

        Raises:
            ValueError: they are of different numbers.
        """
        if len(answers) != len(truths):
            raise ValueError(f"{len(truths)} samples have images, {len(answers)} were answered")
        return JudgedImages(answers, truths, self.high, self.low)


@dataclass(frozen=True)
class JudgedImages:
    """Images beside what they should be."""

    answers: Sequence[np.ndarray]
    truths: Sequence[np.ndarray]
    high: float
    low: float = 0.0

    def contributions(self, measure: str) -> Contributions:
        """What each image adds to a measure, by values from 0 on. Raises KeyError, BadInput."""
        answers, truths = (
            (one.astype(np.float64) - self.low for one in images)
            for images in (self.answers, self.truths)
        )
        return METRICS[measure](answers, truths, self.high - self.low)

    def slices(self, measure: str) -> Mapping[str, Table]:
        """None: an image has no parts."""
        return {}
