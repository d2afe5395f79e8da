"""What is drawn lies where the answer says."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageFont

from edgeopt.decoding import drawing, plain, rotated
from edgeopt.decoding.detections import Detections
from edgeopt.decoding.drawing import color, draw

GREY = (90, 90, 90)


def blank(width=160, height=120, mode="RGB"):
    return Image.new("RGB", (width, height), GREY).convert(mode)


def detections(boxes, **more):
    boxes = np.array(boxes, np.float64).reshape(-1, 4)
    count = len(boxes)
    return Detections(boxes, np.linspace(0.9, 0.5, count), np.arange(count), **more)


def changed(found, plain=None):
    """bool[height, width]: the pixels that are not the plain image's."""
    plain = np.asarray(plain or blank(*found.size))
    return (np.asarray(found) != plain).any(axis=-1)


def test_a_box_is_drawn_on_its_edges_and_named_above():
    found = draw(blank(), detections([[40, 60, 120, 100]]), ("cat",))
    pixels = changed(found)
    assert found.getpixel((80, 100)) == color(0)
    assert found.getpixel((120, 80)) == color(0)
    assert not pixels[65:95, 45:115].any()
    assert pixels[48:59, 42:60].any()
    assert not pixels[102:, :].any()


def test_the_given_image_stays():
    image = blank()
    draw(image, detections([[4, 4, 50, 50]]), ())
    assert not changed(image).any()


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "1", "CMYK"])
def test_any_mode_becomes_rgb(mode):
    found = draw(blank(mode=mode), detections([[4, 30, 50, 60]]), ())
    assert (found.mode, found.size) == ("RGB", (160, 120))


def test_nothing_found_is_the_image():
    assert not changed(draw(blank(), detections([]), ("cat",))).any()


def test_a_rotated_box_is_drawn_as_it_lies():
    box = np.array([[80.0, 60, 60, 20, np.pi / 4]])
    found = draw(blank(), detections(rotated.enclosing(box), rotated=box), ("ship",))
    for x, y in rotated.corners(box)[0]:
        assert changed(found)[int(y) - 1 : int(y) + 2, int(x) - 1 : int(x) + 2].any()
    assert not changed(found)[36:45, 95:110].any()  # a corner of the upright box around it


def test_masks_and_points_lie_where_they_are():
    masks = np.zeros((1, 120, 160), bool)
    masks[0, 40:60, 50:70] = True
    points = np.array([[[20.0, 100, 0.9], [140, 100, 0.1]]])
    found = draw(blank(), detections([[50, 40, 70, 60]], masks=masks, keypoints=points), ("a",))
    assert changed(found)[45:55, 55:65].all()
    assert changed(found)[100, 20]
    assert not changed(found)[100, 140]  # not sure enough


def test_coco_figures_have_limbs_and_others_points():
    person = np.zeros((1, 17, 3))
    person[0, 5], person[0, 7] = (20, 20, 1), (100, 60, 1)
    assert changed(draw(blank(), person))[40, 60]
    assert not changed(draw(blank(), person[:, :16]))[40, 60]


def test_a_class_map_colours_all_but_0_and_names_them():
    numbers = np.zeros((120, 160), np.int16)
    numbers[80:, 100:] = 2
    found = draw(blank(), numbers, ("none", "a", "tree"))
    assert changed(found)[80:, 100:].all()
    assert changed(found)[:20, :30].any()
    assert not changed(found)[:75, 100:].any()


def test_polygons():
    found = draw(blank(), [np.array([[20, 20], [100, 30], [96, 50], [16, 40]])])
    assert changed(found)[30, 100]
    assert not changed(found)[36, 60]


@pytest.mark.parametrize("text", ["street 12", "", "两行\nof it", "\x1b[2J\u202e", "x" * 999])
def test_a_text_goes_below(text):
    found = draw(blank(), text)
    assert found.size[0] == 160
    assert 120 < found.size[1] < 220
    assert not changed(found.crop((0, 0, 160, 120))).any()


@pytest.mark.parametrize("text", ["größer", "两行"])
def test_pillow_without_its_large_font(monkeypatch, text):
    small = ImageFont.load_default_imagefont()

    def load_default():
        return small

    monkeypatch.setattr(ImageFont, "load_default", load_default)
    assert draw(blank(), text).size[1] > 120
    assert changed(draw(blank(), detections([[40, 60, 120, 100]]), (text,))).any()


@pytest.mark.parametrize(
    "box",
    [[-1e9, -5, 1e12, 300], [100, 90, 20, 10], [5, 5, 5, 5], [np.nan, 0, 10, 10], [150, 0, 160, 9]],
)
def test_boxes_that_lie_badly_are_drawn_as_far_as_they_can(box):
    assert draw(blank(), detections([box]), ("a long name of a class",)).size == (160, 120)


def test_the_surest_lies_on_top():
    found = draw(blank(), detections([[40, 60, 120, 100], [40, 60, 120, 100]]), ())
    assert found.getpixel((80, 100)) == color(0)


def test_an_image_is_its_own_picture():
    assert draw(blank(), blank(20, 10, "L")).size == (20, 10)


@pytest.mark.parametrize("answer", [np.zeros(3), np.zeros((4, 4)), None, np.zeros((4, 4, 4), int)])
def test_what_is_no_such_answer_is_refused(answer):
    with pytest.raises(TypeError, match="cannot be drawn"):
        draw(blank(), answer)


def test_a_map_of_another_image_is_refused():
    with pytest.raises(TypeError, match="a mask of 8 x 6 on an image of 160 x 120"):
        draw(blank(), np.ones((6, 8), np.int16))


def test_classes_beside_each_other_have_colours_far_apart():
    shades = np.array([drawing.color(number) for number in range(80)], float)
    apart = np.abs(np.diff(shades, axis=0)).sum(axis=1)
    assert apart.min() > 100
    assert len({tuple(shade) for shade in shades}) == 80


def test_a_name_of_a_million_letters_is_cut():
    long = "x" * 1_000_001
    cut = draw(blank(), detections([[40, 60, 120, 100]]), ("x" * 200,))
    assert draw(blank(), detections([[40, 60, 120, 100]]), (long,)).tobytes() == cut.tobytes()
    numbers = np.ones((120, 160), np.int64)
    assert changed(draw(blank(), numbers, ("", long))).any()


def test_names_of_key_points_are_no_names_of_classes():
    assert plain.class_names({"name": "pose", "names": ["nose", "tail"]}) == ()
    assert plain.class_names({"name": "detection", "names": ["cat"]}) == ("cat",)
    assert plain.class_names({"name": "own:Task"}) == ()
