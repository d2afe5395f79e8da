"""How annotated images are prepared for a model that their mean and scale are folded into."""

from pathlib import Path

import numpy as np
import pytest

from edgeopt.datasets.annotations.annotated import Annotated
from edgeopt.datasets.folded import encoded
from edgeopt.datasets.marked_images import MarkedImages
from edgeopt.datasets.samples import Samples
from edgeopt.decoding.placement import placement
from edgeopt.decoding.preparation import Preparation
from edgeopt.domain.errors import BadInput
from edgeopt.domain.fold import FoldedInput

SIZE = (6, 8)
MEAN, SCALE = (123.675, 116.28, 103.53), (1 / 58.395, 1 / 57.12, 1 / 57.375)
BYTES = 1 / 255


def samples(mean=MEAN, scale=SCALE, layout="nchw"):
    """Two images of noise, prepared."""
    prepared = Preparation("letterbox", SIZE, mean, scale, layout=layout)
    pixels = np.random.default_rng(2).integers(0, 256, (2, 1, *SIZE, 3))
    values = ((pixels - np.array(mean)) * np.array(scale)).astype(np.float32)
    if layout == "nchw":
        values = values.transpose(0, 1, 4, 2, 3)
    places = (placement("letterbox", SIZE, SIZE),) * 2
    annotated = Annotated((Path("a.png"), Path("b.png")), np.tile([8, 6], (2, 1)))
    marks = MarkedImages(annotated, places, prepared)
    return Samples({"x": values}, origin="photos", marks=marks), pixels


@pytest.mark.parametrize(
    ("layout", "folded", "wanted"),
    [
        ("nchw", "same", "nchw"),
        ("nchw", "nhwc", "nhwc"),
        ("nhwc", "same", "nhwc"),
        ("nhwc", "nchw", "nchw"),
    ],
)
def test_pixels_go_in_as_they_are_in_the_layout_of_the_fold(layout, folded, wanted):
    given, pixels = samples(layout=layout)
    made, advice = encoded(given, FoldedInput(name="x", mean=MEAN, scale=SCALE, layout=folded))
    prepared = made.marks.preparation
    assert (prepared.dtype, prepared.layout) == ("uint8", wanted)
    assert (prepared.mean, prepared.scale) == ((0, 0, 0), (1, 1, 1))
    kept = (prepared.way, prepared.size, prepared.order, prepared.fill)
    assert kept == ("letterbox", SIZE, "rgb", 114)
    axes = (0, 1, 2, 3, 4) if wanted == "nhwc" else (0, 1, 4, 2, 3)
    np.testing.assert_array_equal(made.inputs["x"], pixels.transpose(axes))
    assert advice == ()
    assert made.marks.placements == given.marks.placements
    assert given.marks.preparation.dtype == "float32"


def test_one_number_stands_for_all_three_channels():
    given, _ = samples((0.0,) * 3, (BYTES,) * 3)
    made, _ = encoded(given, FoldedInput(name="x", scale=(BYTES,)))
    assert made.marks.preparation.dtype == "uint8"


@pytest.mark.parametrize(
    ("mean", "scale"),
    [
        ((123.0, 116.28, 103.53), SCALE),
        (MEAN[::-1], SCALE),
        (MEAN, (1 / 58.395, 1 / 57.12, 1 / 57.0)),
    ],
)
def test_another_mean_or_scale_than_the_images_were_prepared_with_is_refused(mean, scale):
    given, _ = samples()
    near = Samples({"x": np.zeros_like(given.inputs["x"])}, origin="photos", marks=given.marks)
    with pytest.raises(
        BadInput, match=r"prepared with mean 123\.675/116\.28/103\.53, scale 0\.017"
    ):
        encoded(near, FoldedInput(name="x", mean=mean, scale=scale))


def test_samples_without_annotated_images_have_nothing_to_prepare():
    given, _ = samples()
    bare = Samples(given.inputs, origin="photos")
    made, _ = encoded(bare, FoldedInput(name="x", mean=MEAN, scale=SCALE))
    assert made.marks is None
    assert made.inputs["x"].dtype == np.uint8
