import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from edgeopt.datasets.image_folder import EXAMPLE, Preprocessing, load_image_folder
from edgeopt.decoding.preparation import of_record
from edgeopt.domain.errors import BadInput

PLAIN = Preprocessing(size=8, crop=8, mean=(0, 0, 0), scale=(1, 1, 1), layout="nhwc")


def write(path, colour=(10, 20, 30), size=(12, 8), mode="RGB"):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, colour).save(path)


def test_parse_the_example():
    parsed = Preprocessing.parse(EXAMPLE)
    assert parsed == Preprocessing(256, 224, (127, 127, 127), (1 / 128, 1 / 128, 1 / 128), "nchw")
    assert Preprocessing.parse(str(parsed)) == parsed


def test_parse_three_numbers_and_defaults():
    parsed = Preprocessing.parse("size=64, mean=124/116/104, scale=0.017/0.0175/0.0174")
    assert parsed == Preprocessing(64, 64, (124, 116, 104), (0.017, 0.0175, 0.0174), "nchw")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("size=8", "'mean' is missing"),
        ("mean=1,scale=1", "'size' is missing"),
        ("size", "expected key=value, but got 'size'"),
        ("", "expected key=value, but got ''"),
        (
            "size=8,men=1,scale=1",
            "unknown field 'men' (there are 'size', 'crop', 'mean', 'scale', ",
        ),
        ("size=8,men=1,scale=1", "; did you mean 'mean'?"),
        ("size=8,size=9,mean=0,scale=1", "'size' is given twice"),
        ("size=8.5,mean=0,scale=1", "size must be a whole number, but got '8.5'"),
        ("size=8,mean=x,scale=1", "mean must be a number, but got 'x'"),
        ("size=8,mean=1/2,scale=1", "mean must be one number or three, but got 2"),
        ("size=8,crop=9,mean=0,scale=1", "1 <= crop <= size must hold, but got crop=9, size=8"),
        ("size=0,mean=0,scale=1", "1 <= crop <= size must hold, but got crop=0, size=0"),
        ("size=8,mean=nan,scale=1", "mean and scale must be finite, but got (nan, nan, nan)"),
        ("size=8,mean=0,scale=0/1/1", "a scale of 0 makes all images equal"),
        ("size=8,mean=0,scale=1,layout=chwn", "layout must be nchw or nhwc, but got 'chwn'"),
    ],
)
def test_bad_preprocessing(text, message):
    with pytest.raises(BadInput) as caught:
        Preprocessing.parse(text)
    assert str(caught.value).startswith("preprocessing: ")
    assert message in str(caught.value)
    assert EXAMPLE in caught.value.hint


def test_values_and_layouts():
    image = Image.new("RGB", (20, 10), (10, 20, 30))
    nhwc = Preprocessing(8, 4, (10, 10, 10), (0.5, 0.5, 2), "nhwc").apply(image)
    assert nhwc.shape == (4, 4, 3)
    assert nhwc.dtype == np.float32
    np.testing.assert_array_equal(nhwc[0, 0], [0, 5, 40])
    nchw = Preprocessing(8, 4, (10, 10, 10), (0.5, 0.5, 2), "nchw").apply(image)
    np.testing.assert_array_equal(nchw, nhwc.transpose(2, 0, 1))


@pytest.mark.parametrize("size", [(100, 37), (37, 100), (41, 41), (500, 33)])
def test_resize_and_crop_as_written(size):
    pixels = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3)).astype(np.uint8)
    image = Image.fromarray(pixels)
    found = Preprocessing(32, 24, (0, 0, 0), (1, 1, 1), "nhwc").apply(image)
    short = min(size)
    width, height = size[0] * 32 // short, size[1] * 32 // short
    assert min(width, height) == 32
    resized = np.asarray(image.resize((width, height), Image.Resampling.BICUBIC), np.float32)
    left, top = round((width - 24) / 2), round((height - 24) / 2)
    np.testing.assert_array_equal(found, resized[top : top + 24, left : left + 24])


@pytest.mark.parametrize(("mode", "colour"), [("L", 7), ("RGBA", (7, 7, 7, 0)), ("P", 0)])
def test_every_mode_becomes_rgb(tmp_path, mode, colour):
    write(tmp_path / "a.png", colour, mode=mode)
    assert load_image_folder(tmp_path, "x", PLAIN).inputs["x"].shape == (1, 8, 8, 3)


def test_named_classes_are_numbered_in_sorted_order(tmp_path):
    write(tmp_path / "dog" / "1.jpg", (0, 0, 200))
    write(tmp_path / "cat" / "1.PNG", (200, 0, 0))
    write(tmp_path / "cat" / "2.png", (201, 0, 0))
    (tmp_path / "cat" / "notes.txt").write_text("no image")
    (tmp_path / ".thumbnails").mkdir()
    (tmp_path / "emu").mkdir()
    samples = load_image_folder(tmp_path, "image", PLAIN)
    assert samples.labels.tolist() == [0, 0, 1]
    assert samples.inputs["image"][:, 0, 0, 0].round().tolist()[:2] == [200, 201]
    assert samples.groups is None
    assert samples.origin == str(tmp_path)


def test_numbered_classes_are_the_labels(tmp_path):
    write(tmp_path / "10" / "a.png")
    write(tmp_path / "9" / "a.png")
    assert sorted(load_image_folder(tmp_path, "x", PLAIN).labels.tolist()) == [9, 10]


def test_images_without_classes_have_no_labels(tmp_path):
    write(tmp_path / "a.png")
    write(tmp_path / "b.jpg")
    samples = load_image_folder(tmp_path, "x", PLAIN)
    assert len(samples) == 2
    assert samples.labels is None


def message_of(folder):
    with pytest.raises(BadInput) as caught:
        load_image_folder(folder, "x", PLAIN)
    return str(caught.value)


def test_images_beside_classes(tmp_path):
    write(tmp_path / "a.png")
    write(tmp_path / "cat" / "b.png")
    assert message_of(tmp_path).startswith(
        f"{tmp_path}: holds images ('a.png') and class folders ('cat')"
    )


def test_no_images(tmp_path):
    (tmp_path / "cat").mkdir()
    assert message_of(tmp_path).startswith(f"{tmp_path}: no images\n")


@pytest.mark.parametrize("keep", [0, 30, 300])
def test_broken_image(tmp_path, keep):
    path = tmp_path / "broken.png"
    pixels = np.random.default_rng(0).integers(0, 256, (40, 40, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(path)
    path.write_bytes(path.read_bytes()[:keep])
    assert message_of(tmp_path).startswith(f"{path}: cannot be read as an image: ")


def test_without_pillow(tmp_path):
    write(tmp_path / "a.png")
    code = f"""
import sys
from pathlib import Path
sys.modules["PIL"] = None
from edgeopt.datasets.image_folder import Preprocessing, load_image_folder
from edgeopt.domain.errors import NotInstalled
try:
    load_image_folder(Path({str(tmp_path)!r}), "x", Preprocessing.parse({EXAMPLE!r}))
except NotInstalled as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == (
        "reading images needs Pillow, which is not installed\n  pip install 'edgeopt[images]'\n"
    )


def with_images(tmp_path, *names):
    from PIL import Image

    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8)).save(tmp_path / name, "PNG")
    return tmp_path


@pytest.mark.parametrize("turn", range(1, 9))
def test_an_exif_orientation_is_applied(tmp_path, turn):
    """As stored, the image is white on its left; EXIF's numbers say where that is shown."""
    from PIL import Image

    stored = Image.new("RGB", (16, 16))
    stored.paste((255, 255, 255), (0, 0, 8, 16))
    exif = Image.Exif()
    exif[0x0112] = turn
    stored.save(tmp_path / "a.png", exif=exif)
    [found] = load_image_folder(tmp_path, "x", PLAIN).inputs["x"]
    grey = found[..., 0]
    sides = {"left": grey[:, 0], "right": grey[:, -1], "top": grey[0], "bottom": grey[-1]}
    white = [name for name, values in sides.items() if values.min() > 250]
    wanted = ["left", "right", "right", "left", "top", "top", "bottom", "bottom"]
    assert white == [wanted[turn - 1]]


SMALL = Preprocessing(size=8, crop=8, mean=(0,) * 3, scale=(1,) * 3)


@pytest.mark.parametrize("mode", ["I;16", "I;16B"])
def test_sixteen_bits_keep_their_order(tmp_path, mode):
    from PIL import Image

    values = np.linspace(0, 65535, 64).astype(np.uint16).reshape(8, 8)
    image = Image.fromarray(values)
    if mode == "I;16B":
        image = Image.frombytes("I;16B", (8, 8), values.astype(">u2").tobytes())
    image.save(tmp_path / "a.tif" if mode == "I;16B" else tmp_path / "a.png")
    [found] = load_image_folder(tmp_path, "x", SMALL).inputs["x"]
    np.testing.assert_array_equal(found[0], np.round(values / 257))
    np.testing.assert_array_equal(found[0], found[2])


@pytest.mark.parametrize("mode", ["I", "F"])
def test_numbers_without_a_white_are_refused(tmp_path, mode):
    from PIL import Image

    Image.new(mode, (8, 8), 3).save(tmp_path / "a.tif")
    with pytest.raises(
        BadInput, match=r"a.tif: cannot be prepared as RGB: its pixels are .* white"
    ):
        load_image_folder(tmp_path, "x", SMALL)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda folder: (folder / "0/b.png").mkdir(), "is called an image and is a folder"),
        (lambda folder: (folder / "0/b.png").symlink_to("gone"), "is a link to gone"),
        (lambda folder: (folder / "0/b.png").symlink_to("/dev/zero"), "is a device of the system"),
        (lambda folder: (folder / "0/b.heic").touch(), "an image of a kind that is not read"),
        (lambda folder: with_images(folder, "0/more/deep/b.png"), "is a folder within a class"),
        (
            lambda folder: with_images(folder, "00/a.png"),
            "the class folders '0' and '00' are of one",
        ),
        (lambda folder: (folder / ("9" * 12)).mkdir(), "is a number too large for a class"),
        (
            lambda folder: ((folder / "1").mkdir(), (folder / "1/a.txt").touch()),
            "/1 holds no image, but 'a.txt'",
        ),
    ],
)
def test_nothing_that_looks_like_an_image_is_left_out(tmp_path, make, said):
    with_images(tmp_path, "0/a.png")
    make(tmp_path)
    with pytest.raises(BadInput) as caught:
        load_image_folder(tmp_path, "x", SMALL)
    assert said in caught.value.args[0]


def test_notes_and_hidden_files_are_left_out_and_an_empty_class_keeps_its_number(tmp_path):
    with_images(tmp_path, "a/a.png", "c/c.png")
    (tmp_path / "b").mkdir()
    (tmp_path / "a/labels.txt").touch()
    (tmp_path / "a/.DS_Store").touch()
    (tmp_path / "a/boxes").mkdir()
    (tmp_path / "a/boxes/a.xml").touch()
    assert load_image_folder(tmp_path, "x", SMALL).labels.tolist() == [0, 2]


@pytest.mark.parametrize(
    "text",
    ["size=100000,mean=0,scale=1", f"size={'9' * 400},mean=0,scale=1", "size=8,mean=1e300,scale=1"],
)
def test_no_preprocessing_is_too_large_to_be_done(text):
    with pytest.raises(BadInput, match="must be at most"):
        Preprocessing.parse(text)


def test_more_images_than_memory_holds_are_refused_before_one_is_read(tmp_path):
    for number in range(400):
        (tmp_path / f"{number}.png").touch()
    large = Preprocessing(size=16384, crop=16384, mean=(0,) * 3, scale=(1,) * 3)
    with pytest.raises(BadInput, match=r"400 images of 16384 x 16384 are 322.1 GB"):
        load_image_folder(tmp_path, "x", large)


@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
@pytest.mark.parametrize("shape", [(40, 30), (31, 77), (9, 200), (8, 8), (5, 6)])
@pytest.mark.parametrize(("size", "crop"), [(10, 8), (8, 8), (9, 8)])
def test_what_bundles_record_prepares_the_same(shape, size, crop, layout):
    pixels = np.random.default_rng(size).integers(0, 256, (shape[1], shape[0], 3))
    image = Image.fromarray(pixels.astype(np.uint8))
    said = Preprocessing(size, crop, (124.0, 116.0, 104.0), (0.017, 0.0175, 0.0174), layout)
    recorded = of_record(json.loads(json.dumps(said.preparation.record())))
    np.testing.assert_array_equal(recorded.apply(image)[0], said.apply(image))
