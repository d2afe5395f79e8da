import numpy as np
import pytest

from edgeopt.datasets.annotations import masks
from edgeopt.domain.errors import BadInput
from tests.datasets.annotations.pictures import mask, picture

VALUES = np.zeros((48, 64), np.uint8)
VALUES[:10, :20], VALUES[40:] = 2, 255


@pytest.mark.parametrize("mode", ["L", "P", "I;16"])
def test_pixels_are_classes_and_255_is_none(tmp_path, mode):
    picture(tmp_path / "photos" / "a.jpg")
    mask(tmp_path / "masks" / "a.png", VALUES, mode)
    found = masks.read(tmp_path / "photos", tmp_path / "masks", ("x", "y", "z"))
    assert found.masks == (tmp_path / "masks" / "a.png",)
    pixels = masks.pixels(found.masks[0], 3)
    np.testing.assert_array_equal(pixels, np.where(VALUES == 255, -1, VALUES.astype(int)))
    assert not masks.are_binary(found.masks)


@pytest.mark.parametrize("mode", ["L", "1"])
def test_black_and_white_is_two_classes(tmp_path, mode):
    path = mask(tmp_path / "a.png", np.where(VALUES == 2, 255, 0), mode)
    assert masks.are_binary((path,))
    np.testing.assert_array_equal(masks.pixels(path, 2, binary=True), VALUES == 2)


@pytest.mark.parametrize("name", ["a.png", "a.jpg.png", "a_mask.png"])
def test_names_of_masks(tmp_path, name):
    picture(tmp_path / "photos" / "a.jpg")
    mask(tmp_path / "masks" / name, VALUES)
    assert masks.read(tmp_path / "photos", tmp_path / "masks").masks[0].name == name


def test_what_is_wrong_is_one_sentence(tmp_path):
    photos, there = tmp_path / "photos", tmp_path / "masks"
    with pytest.raises(BadInput, match="photos: no such folder"):
        masks.read(photos, there)
    photos.mkdir()
    with pytest.raises(BadInput, match="holds 0 images"):
        masks.read(photos, there)
    picture(photos / "a.jpg", orientation=6)
    with pytest.raises(BadInput, match=r"a\.jpg has no mask: there is no a\.png in"):
        masks.read(photos, there)
    path = mask(there / "a.png", VALUES)
    with pytest.raises(BadInput, match=r"has 64 x 48 pixels, but its image .* has 48 x 64 upright"):
        masks.read(photos, there)
    with pytest.raises(BadInput, match=r"has pixels of class 2, but there are 2 \(0 to 1\)"):
        masks.pixels(path, 2)
    with pytest.raises(BadInput, match=r"has pixels of colours \(RGB\)"):
        masks.pixels(mask(there / "a.png", VALUES, "RGB"), 2)
