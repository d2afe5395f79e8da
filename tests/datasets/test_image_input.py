from dataclasses import replace

import pytest

from edgeopt.datasets import image_input
from edgeopt.datasets.image_input import ImageInput
from edgeopt.datasets.preparation_asked import PreparationAsked
from edgeopt.decoding.preparation import Preparation
from edgeopt.domain.errors import BadInput
from edgeopt.sources.source import OpenSpec

THIRD = (1 / 255,) * 3


def of(shape, dtype="float32"):
    return image_input.of(OpenSpec(name="images", dtype=dtype, shape=shape))


def settled(shape, said=None, head="", kind="coco", dtype="float32"):
    parsed = PreparationAsked.parse(said) if said else None
    return image_input.settled(of(shape, dtype), parsed, head, kind, "data")


def message_of(*args, **others):
    with pytest.raises(BadInput) as caught:
        settled(*args, **others)
    return str(caught.value)


@pytest.mark.parametrize(
    ("shape", "layout", "channels", "sides"),
    [
        ((1, 3, 480, 640), "nchw", 3, (480, 640)),
        ((1, 480, 640, 3), "nhwc", 3, (480, 640)),
        (("batch", 1, 48, "width"), "nchw", 1, (48, None)),
        ((None, None, None, 3), "nhwc", 3, (None, None)),
        ((1, 3, 3, 3), "nchw", 3, (3, 3)),
        ((1, "a", "b", "c"), None, None, (None, None)),
        (None, None, None, (None, None)),
    ],
)
def test_what_a_model_says_of_its_images(shape, layout, channels, sides):
    assert of(shape) == ImageInput("images", "float32", layout, channels, sides)


@pytest.mark.parametrize(
    ("shape", "dtype", "why"),
    [
        ((1, 64), "float32", "has 2 axes, not four"),
        ((1, 8, 4, 9), "float32", "has neither 1 nor 3 channels"),
        ((1, 3, 8, 8), "int64", "holds int64"),
    ],
)
def test_an_input_of_no_images(shape, dtype, why):
    with pytest.raises(BadInput, match=why) as caught:
        of(shape, dtype)
    assert "module:function" in caught.value.hint


def test_ultralytics_data_is_prepared_as_ultralytics_does():
    found = settled((1, 3, 480, 640), kind="data.yaml")
    assert found == Preparation("letterbox", (480, 640), scale=THIRD)
    assert settled((1, 480, 640, 3), kind="data.yaml") == replace(found, layout="nhwc")
    assert settled((1, 3, 480, 640), kind="data.yaml", head="nms-inside") == found
    assert settled((1, 3, 480, 640), head="yolo-seg") == found


def test_a_head_says_more_than_the_layout_of_the_data():
    assert settled((1, 3, 416, 416), kind="data.yaml", head="yolox").order == "bgr"
    said = message_of((1, 3, 416, 416), kind="data.yaml", head="nanodet")
    assert "is not known: way, mean and scale must be said" in said


def test_what_is_said_goes_before_the_family():
    found = settled((1, 3, 416, 416), "order=rgb,fill=0", head="yolox")
    assert found == Preparation("corner", (416, 416), order="rgb", fill=0)


def test_bytes_take_raw_pixels():
    raw = settled((1, 300, 300, 3), head="ssd", dtype="uint8")
    assert raw == Preparation("stretch", (300, 300), layout="nhwc", dtype="uint8")
    signed = settled((1, 300, 300, 3), head="ssd", dtype="int8")
    assert signed == replace(raw, mean=(128.0,) * 3, dtype="int8")
    wide = settled((1, 192, 192, 3), said="way=letterbox", dtype="int32")  # MoveNet
    assert (wide.dtype, wide.mean, wide.scale) == ("int32", (0.0,) * 3, (1.0,) * 3)


def test_one_channel_is_grey():
    found = settled((1, 1, 416, 416), "way=letterbox,mean=0,scale=1")
    assert (found.order, found.shape) == ("grey", (1, 416, 416))
    assert settled((1, 1, 8, 8), head="yolo").order == "grey"


def test_an_open_side_is_said():
    said = "way=line,mean=127.5,scale=0.0078,size=48x320"
    assert settled((1, 3, 48, "width"), said, kind="lines").size == (48, 320)
    told = message_of((1, 3, "h", "w"), kind="data.yaml")
    assert "is not known: size must be said" in told
    assert "--preprocess size=640," in told
    said = "way=line,mean=127.5,scale=0.0078"
    assert "size=32x320," in message_of((1, 3, 32, "width"), said, kind="lines")


@pytest.mark.parametrize(
    ("shape", "said", "told"),
    [
        ((1, 3, 640, 640), "size=320", "says size=320x320, but the model's input 'images' is 640"),
        ((1, 3, 48, None), "size=32x320", "says size=32x320, but the model's input 'images' is 48"),
        ((1, 3, 8, 8), "layout=nhwc", "says layout=nhwc, but the model's input 'images' is nchw"),
        ((1, 3, 8, 8), "order=grey", "says order=grey, but the model's input 'images' has 3"),
        ((1, 1, 8, 8), "order=bgr", "says order=bgr, but the model's input 'images' has 1"),
        ((1, 1, 8, 8), "mean=1/2/3", "mean is [1.0, 2.0, 3.0], but grey takes one number"),
    ],
)
def test_what_is_said_otherwise_than_the_model_has_it(shape, said, told):
    assert told in message_of(shape, said, kind="data.yaml")


def test_readers_are_shown_a_readers_line():
    told = message_of((1, 3, 48, 320), kind="lines")
    assert "--preprocess way=line,mean=127.5,scale=0.0078431,order=bgr,fill=127.5" in told
    assert "--head" not in told
    assert "--head" not in message_of((1, 3, 8, 8), kind="masks")
    assert "--head yolo" in message_of((1, 3, 8, 8), kind="voc")


def test_a_way_that_nobody_says_is_told_before_the_model_is_read():
    with pytest.raises(BadInput, match="way must be said"):
        image_input.require_way(PreparationAsked(mean=(0,) * 3, scale=THIRD), "", "coco", "d")
    image_input.require_way(PreparationAsked(way="crop"), "", "coco", "d")
    image_input.require_way(None, "", "data.yaml", "d")
