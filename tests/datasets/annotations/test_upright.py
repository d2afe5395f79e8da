import numpy as np
import pytest
from PIL import Image, ImageOps

from edgeopt.datasets.annotations import upright
from edgeopt.domain.errors import BadInput
from tests.datasets.annotations.pictures import picture


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_image_is_turned_as_pillow_turns_it(tmp_path, suffix, orientation):
    path = picture(tmp_path / f"a{suffix}", (40, 24), orientation)
    with Image.open(path) as image:
        wanted = np.asarray(ImageOps.exif_transpose(image))
    found = np.asarray(upright.open_image(path))
    np.testing.assert_array_equal(found, wanted)
    assert upright.size_of(path) == (found.shape[1], found.shape[0])
    assert suffix == ".tif" or upright.stored_size_of(path) == (40, 24)


def test_an_image_without_exif_or_with_an_orientation_that_is_none_stays(tmp_path):
    for name, orientation in (("a.png", None), ("b.jpg", None), ("c.jpg", 9), ("d.jpg", 0)):
        path = picture(tmp_path / name, (40, 24), orientation)
        assert upright.size_of(path) == (40, 24)
        assert upright.open_image(path).size == (40, 24)


def test_what_is_no_image_is_told(tmp_path):
    (tmp_path / "a.png").write_text("no image")
    with pytest.raises(BadInput, match="cannot be read as an image"):
        upright.size_of(tmp_path / "a.png")
    with pytest.raises(BadInput, match=r"b\.png: no such image"):
        upright.size_of(tmp_path / "b.png")
    (tmp_path / "c.png").mkdir()
    with pytest.raises(BadInput, match=r"c\.png: no such image"):
        upright.open_image(tmp_path / "c.png")
    whole = picture(tmp_path / "d.jpg").read_bytes()
    (tmp_path / "d.jpg").write_bytes(whole[: len(whole) // 2])
    assert upright.size_of(tmp_path / "d.jpg") == (64, 48)  # its head is whole
    with pytest.raises(BadInput, match=r"d\.jpg: cannot be read as an image"):
        upright.open_image(tmp_path / "d.jpg")
