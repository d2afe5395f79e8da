import pytest

from edgeopt.decoding.placement import WAYS
from edgeopt.decoding.preparation import Preparation, of_head
from edgeopt.report.preparation_words import words


def test_what_ultralytics_does_is_said():
    assert words(of_head("yolo", (480, 640)).record()) == (
        "Images are fitted into 640 × 480 (width × height) with their shape kept, in the middle "
        "(letterbox), 114 around them: RGB, each value pixel × 0.003922, the pixel 0 to 255."
    )


def test_numbers_of_each_channel_and_bytes():
    mean = Preparation("stretch", (8, 8), (124, 116.5, 104), (1, 2, 1), order="bgr")
    assert words(mean.record()).endswith(
        "stretched to 8 × 8 (width × height): BGR, each value (pixel − 124/116.5/104) × 1/2/1, "
        "the pixel 0 to 255."
    )
    raw = Preparation("crop", (8, 8), dtype="uint8", order="grey")
    assert words(raw.record()).endswith(": grey, each value pixel, the pixel 0 to 255.")


@pytest.mark.parametrize("way", WAYS)
def test_every_way_has_words(way):
    assert "placed in" not in words(Preparation(way, (8, 9)).record())


def test_no_preparation_no_words():
    assert words({}) == ""


def test_a_resized_and_cut_image_and_a_line_of_any_width_are_told():
    cut = {"way": "crop", "size": [224, 224], "short": 256}
    assert "resized to a shorter side of 256, then cut to the middle of 224" in words(cut)
    line = {"way": "line", "size": [48, 320], "widths": [160, 320]}
    assert "the height 48 and to the smallest that holds them of 160, 320" in words(line)
