import json

import numpy as np
import pytest
from PIL import Image

from edgeopt import decoding
from edgeopt.decoding import preparation
from edgeopt.decoding.placement import WAYS, NoPlacement
from edgeopt.decoding.preparation import Preparation, of_head, of_record

SIZE = (48, 64)


def image(width, height):
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3)).astype(np.uint8)
    return Image.fromarray(pixels)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("shape", [(64, 48), (128, 48), (30, 90), (7, 200)])
def test_an_image_lies_where_its_placement_says(way, shape):
    """White, with one black quarter whose corner is looked for in the input."""
    width, height = shape
    given = Image.new("RGB", shape, (255, 255, 255))
    given.paste((0, 0, 0), (0, 0, width // 2, height // 2))
    values, place = Preparation(way, SIZE, fill=200, filter="nearest").apply(given)
    assert values.shape == (3, *SIZE)
    assert place.image == (height, width)
    x, y = np.meshgrid(np.arange(SIZE[1]) + 0.5, np.arange(SIZE[0]) + 0.5)
    back = place.taken_back(np.stack([x, y], axis=-1))
    inside = ((back > 0) & (back < shape)).all(axis=-1)
    dark = ((back > 0) & (back < [width // 2, height // 2])).all(axis=-1)
    near = (np.abs(back - [width // 2, height // 2]) < 1.5 / np.array(place.scale)).any(axis=-1)
    wanted = np.where(dark, 0, np.where(inside, 255, 200))
    edge = (np.abs(back) < 1.5 / np.array(place.scale)).any(axis=-1)
    edge |= (np.abs(back - shape) < 1.5 / np.array(place.scale)).any(axis=-1)
    certain = ~near & ~edge
    assert certain.mean() > 0.5
    np.testing.assert_array_equal(values[0][certain], wanted[certain])


def test_stretch_is_pillows_resize():
    given = image(100, 30)
    values, _ = Preparation("stretch", SIZE, layout="nhwc").apply(given)
    wanted = np.asarray(given.resize((64, 48), Image.Resampling.BILINEAR), np.float32)
    np.testing.assert_array_equal(values, wanted)


def test_channels_layout_and_type():
    given = image(64, 48)
    rgb = np.asarray(given, np.float32)
    values, _ = Preparation(
        "stretch", SIZE, mean=(1, 2, 3), scale=(0.5, 0.25, 2), order="bgr"
    ).apply(given)
    wanted = (rgb[..., ::-1] - [1, 2, 3]) * [0.5, 0.25, 2]
    np.testing.assert_allclose(values, wanted.transpose(2, 0, 1), rtol=1e-6)
    assert values.dtype == np.float32
    bytes_, _ = Preparation("stretch", SIZE, layout="nhwc", dtype="uint8").apply(given)
    np.testing.assert_array_equal(bytes_, np.asarray(given))


@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
def test_grey_is_one_channel_of_luma(layout):
    given = image(100, 30)
    grey = Preparation("stretch", SIZE, (10,) * 3, (0.5,) * 3, layout=layout, order="grey")
    values, _ = grey.apply(given)
    assert values.shape == grey.shape == ((1, *SIZE) if layout == "nchw" else (*SIZE, 1))
    red, green, blue = np.asarray(given.resize((64, 48), 2), np.float64).transpose(2, 0, 1)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    np.testing.assert_allclose(values.reshape(SIZE), (luma - 10) * 0.5, atol=1)
    assert of_record(json.loads(json.dumps(grey.record()))) == grey


def test_signed_bytes_are_pixels_from_minus_128():
    given = image(64, 48)
    signed, _ = Preparation("stretch", SIZE, mean=(128,) * 3, layout="nhwc", dtype="int8").apply(
        given
    )
    assert signed.dtype == np.int8
    np.testing.assert_array_equal(signed.astype(int) + 128, np.asarray(given))
    wide, _ = Preparation("stretch", SIZE, layout="nhwc", dtype="int32").apply(given)
    assert wide.dtype == np.int32
    np.testing.assert_array_equal(wide, np.asarray(given))


def test_a_line_keeps_its_width_and_what_is_right_of_it_is_filled():
    """PaddleOCR's `resize_norm_img`: zeros behind the line, after (pixel / 255 - 0.5) / 0.5."""
    line = Preparation("line", (48, 320), (127.5,) * 3, (1 / 127.5,) * 3, fill=127.5)
    values, place = line.apply(image(100, 24))
    assert (place.resized, place.left, place.top) == ((48, 200), 0, 0)
    assert np.all(values[:, :, 200:] == 0)
    assert np.std(values[:, :, :200]) > 0.1


@pytest.mark.parametrize("head", [*decoding.HEADS])
def test_a_familys_way_is_recorded_and_read_again(head):
    found = of_head(head, SIZE)
    if found is None:
        assert not head.startswith("yolo")
    else:
        assert of_record(json.loads(json.dumps(found.record()))) == found


def test_known_families():
    assert of_head("yolo", SIZE).way == of_head("yolo-seg", SIZE).way == "letterbox"
    assert of_head("yolox", SIZE).order == "bgr"
    assert of_head("ssd-postprocess", SIZE) == of_head("ssd", SIZE)
    assert len(preparation.FAMILIES) == 4


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"way": "fit"}, "way is 'fit', none of letterbox, corner, stretch, crop, line"),
        ({"layout": "chw"}, "layout is 'chw'"),
        ({"dtype": "int16"}, "dtype is 'int16'"),
        ({"order": "grey", "mean": (1, 2, 3)}, "grey takes one number"),
        ({"scale": (1, 1)}, "rgb takes three numbers"),
        ({"scale": (1, 0, 1)}, "no scale 0"),
        ({"mean": (1, float("nan"), 1)}, "must be finite"),
    ],
)
def test_bad_preparations(fields, message):
    with pytest.raises(ValueError, match=message):
        Preparation(**{"way": "stretch", "size": SIZE, **fields})


def test_other_images_and_records():
    with pytest.raises(ValueError, match="an RGB image wanted, got L"):
        Preparation("stretch", SIZE).apply(Image.new("L", (3, 3)))
    for record in ({"way": "stretch"}, {"way": "stretch", "size": [1, 2], "x": 1}):
        with pytest.raises(ValueError, match="a preparation has the fields"):
            of_record(record)


@pytest.mark.parametrize(("way", "shape"), [("crop", (1, 60_000)), ("crop", (60_000, 1))])
def test_an_image_that_would_fill_the_memory_is_refused(way, shape):
    with pytest.raises(NoPlacement, match=r"becomes .* pixels: more than 400000000"):
        Preparation(way, (224, 224)).apply(Image.new("RGB", shape))


@pytest.mark.parametrize(
    ("width", "fed"), [(1, 16), (16, 16), (17, 32), (64, 64), (65, 80), (300, 304)]
)
def test_a_line_gets_the_smallest_width_that_holds_it(width, fed):
    open_line = Preparation("line", (8, 64), layout="nhwc", fill=0, widths=(16, 32, 64))
    values, place = open_line.apply(image(width, 8))
    fixed, _ = Preparation("line", (8, fed), layout="nhwc", fill=0).apply(image(width, 8))
    np.testing.assert_array_equal(values, fixed)
    assert open_line.shaped((1, 8, 64, 3), place) == (1, 8, fed, 3)
    assert of_record(json.loads(json.dumps(open_line.record()))).widths == (16, 32, 64)


def test_widths_are_of_lines():
    with pytest.raises(ValueError, match="widths are of lines"):
        Preparation("stretch", SIZE, widths=(16,))
    assert "widths" not in Preparation("line", SIZE).record()
