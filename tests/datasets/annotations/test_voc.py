import numpy as np
import pytest

from edgeopt.datasets.annotations import voc
from edgeopt.domain.errors import BadInput
from tests.datasets.annotations.pictures import picture, voc_object
from tests.datasets.annotations.pictures import voc as written

OBJECTS = [[("dog", (1, 1, 64, 48)), ("cat", (11, 9, 20, 18))], []]


def test_pixels_are_counted_from_1_with_both_ends_within(tmp_path):
    found = voc.read(written(tmp_path, OBJECTS))
    assert found.names == ("cat", "dog")
    assert [one.name for one in found.images] == ["a0.jpg", "a1.jpg"]
    assert found.objects[0].boxes.tolist() == [[0, 0, 64, 48], [10, 8, 20, 18]]
    assert found.objects[0].classes.tolist() == [1, 0]
    assert len(found.objects[1]) == 0


def test_boxes_that_begin_at_0_stand_as_they_are(tmp_path):
    found = voc.read(written(tmp_path, [[("a", (0, 0, 64, 48)), ("a", (11, 9, 20, 18))]]))
    assert found.objects[0].boxes.tolist() == [[0, 0, 64, 48], [11, 9, 20, 18]]


def test_names_in_the_models_order_difficult_and_images_elsewhere(tmp_path):
    folder = written(tmp_path, OBJECTS)
    file = folder / "a1.xml"
    file.write_text(f"<annotation>{voc_object('cat', (2, 3, 9, 9), 1)}</annotation>")
    picture(tmp_path / "other" / "a0.jpg")
    picture(tmp_path / "other" / "a1.png")
    found = voc.read(folder, tmp_path / "other", ["bird", "dog", "cat"])
    assert found.objects[0].classes.tolist() == [1, 2]
    assert [one.difficult.tolist() for one in found.objects] == [[False, False], [True]]
    assert found.images[1] == tmp_path / "other" / "a1.png"


def xml(inside):
    return f"<annotation><filename>a0.jpg</filename>{inside}</annotation>"


LAUGHS = (
    '<!DOCTYPE a [<!ENTITY a "haha"><!ENTITY b "&a;&a;&a;&a;">]>'
    "<annotation><filename>&b;</filename></annotation>"
)
OUTSIDE = '<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/passwd">]><annotation>&a;</annotation>'
SIDES = "".join(
    voc_object("a", (x, y, 12, 10)) for x in (5, 30, 50) for y in (3, 20, 37)
)  # width and height instead of a corner

BAD = {
    "laughs": (LAUGHS, "declares a document type or an entity, which is not read."),
    "a file from outside": (OUTSIDE, "declares a document type or an entity"),
    "a bare document type": ("<!DOCTYPE annotation>" + xml(""), "declares a document type"),
    "an entity that is none": (xml("&nothing;"), "is no XML: undefined entity"),
    "no XML": ("{}", "is no XML"),
    "empty": ("", "is no XML: no element found"),
    "cut short": (xml("")[:-5], "is no XML"),
    "deep": ("<a>" * 100_000, "is nested too deeply"),
    "another root": ("<svg/>", "but <svg>."),
    "an encoding that is none": ('<?xml version="1.0" encoding="x-y"?><annotation/>', "is no XML"),
    "no objects": (xml(""), "1 files with 0 objects"),
    "no name": (xml(voc_object("", (1, 2, 3, 4))), "object 1 has no <name>."),
    "no box": (xml("<object><name>a</name></object>"), "object 1: its box is [None, None,"),
    "a box of words": (xml(voc_object("a", (1, 2, "x", 4))), "its box is ['1', '2', 'x', '4']."),
    "no area": (xml(voc_object("a", (10, 2, 5, 4))), "object 1: the box [9, 1, 5, 4]"),
    "outside": (xml(voc_object("a", (10, 2, 90, 4))), "reaches out of it"),
    "infinite": (xml(voc_object("a", (10, 2, "inf", 4))), "is not finite"),
    "sides": (xml(SIDES), "seem to be [x, y, width, height] in pixels"),
    "an image elsewhere": (xml("").replace("a0", "../a0"), "'../a0.jpg' is no name of a file."),
    "an image not there": (xml("").replace("a0", "gone"), "is no image 'gone.jpg'"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_are_one_sentence(tmp_path, name):
    text, message = BAD[name]
    folder = written(tmp_path, OBJECTS[:1])
    if name == "an image not there":
        (tmp_path / "JPEGImages" / "a0.jpg").unlink()
    (folder / "a0.xml").write_text(text)
    with pytest.raises(BadInput) as caught:
        voc.read(folder)
    assert message in str(caught.value.args[0])
    assert "\n" not in str(caught.value.args[0])
    assert "root:" not in str(caught.value)


def test_a_class_that_is_no_name(tmp_path):
    with pytest.raises(BadInput, match=r"'dog' is none of the 2 names; did you mean 'dogs'\?"):
        voc.read(written(tmp_path, OBJECTS), names=("dogs", "cat"))


def test_a_folder_without_xml(tmp_path):
    with pytest.raises(BadInput, match=r"holds no \.xml file"):
        voc.read(tmp_path)
    with pytest.raises(BadInput, match="no such folder"):
        voc.read(tmp_path / "gone")


def test_other_encodings_are_read(tmp_path):
    folder = written(tmp_path, OBJECTS)
    text = '<?xml version="1.0" encoding="utf-16"?>' + xml(voc_object("Käfer", (1, 2, 30, 40)))
    (folder / "a0.xml").write_bytes(text.encode("utf-16"))
    found = voc.read(folder)
    assert found.names == ("Käfer",)
    np.testing.assert_array_equal(found.objects[0].boxes, [[0, 1, 30, 40]])
