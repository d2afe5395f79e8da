"""Images that stay bytes: the same values bit by bit, at a fraction of the memory."""

import numpy as np
import pytest
from PIL import Image

from edgeopt.datasets import check, folded, likeness, pixels
from edgeopt.datasets.image_folder import Preprocessing
from edgeopt.datasets.pixels import Pixels
from edgeopt.datasets.samples import Samples
from edgeopt.datasets.split import split
from edgeopt.datasets.training import training_samples
from edgeopt.decoding.preparation import Preparation
from edgeopt.domain.fold import FoldedInput
from edgeopt.domain.tensor import Binding, TensorSpec
from edgeopt.harness.feed import Feed
from tests.peaks import rises_less_than

LETTERBOX = Preparation("letterbox", (24, 32), scale=(1 / 255,) * 3)
LINE = Preparation("line", (16, 40), (127.5,) * 3, (1 / 127.5,) * 3, fill=127.5, order="bgr")
CROP = Preparation("crop", (20, 20), (124, 116, 104), (0.017, 0.018, 0.019), layout="nhwc")
GREY = Preparation("corner", (20, 28), fill=0, order="grey")
BYTES = Preparation("stretch", (20, 28), dtype="uint8", layout="nhwc")


def images(count=30):
    rng = np.random.default_rng(0)
    sizes = rng.integers(10, 60, (count, 2))
    return [Image.fromarray(rng.integers(0, 256, (*size, 3), np.uint8)) for size in sizes]


def both(form, count=30):
    """The values as they were always made, and the same as `Pixels`."""
    kept = Pixels.of(form, tuple(form.size), form.channels, count)
    for number, image in enumerate(images(count)):
        part, corner, _ = form.pasted(image)
        kept.put(number, part, corner)
    return np.stack([form.apply(image)[0] for image in images(count)]), kept


@pytest.mark.parametrize("form", [LETTERBOX, LINE, CROP, GREY, BYTES])
def test_values_are_those_of_the_preparation_bit_by_bit(form):
    wanted, kept = both(form)
    assert (kept.shape, kept.dtype, kept.ndim) == (wanted.shape, wanted.dtype, wanted.ndim)
    assert np.asarray(kept).tobytes() == wanted.tobytes()
    assert np.array_equal(kept[3], wanted[3])
    assert np.array_equal(kept[4:9], wanted[4:9])
    assert np.array_equal(kept[[5, 2]][1], wanted[2])
    assert np.array_equal(kept[np.arange(30) % 2 == 0], wanted[::2])
    assert np.array_equal(kept[:, -1], wanted[:, -1])
    assert float(kept.mean()) == float(wanted.mean())
    assert ((kept - wanted) == 0).all()


def test_a_classifiers_images_are_as_its_preprocessing_makes_them():
    form = Preprocessing(16, 12, (124, 116, 104), (0.017, 0.018, 0.019))
    kept = Pixels.of(form, (12, 12), 3, 5)
    for number, image in enumerate(images(5)):
        kept.put(number, form.pasted(image), (0, 0))
    assert np.array_equal(kept, np.stack([form.apply(image) for image in images(5)]))


@pytest.mark.slow
@pytest.mark.parametrize("form", [LETTERBOX, LINE, CROP])
def test_what_is_made_of_samples_is_the_same(form, tmp_path, monkeypatch):
    monkeypatch.setattr(pixels, "BLOCK", 7 * int(np.prod(form.shape)))
    wanted, kept = both(form)
    spec = TensorSpec(name="x", dtype="float32", shape=(1, *form.shape))
    plain, small = (check.check(Samples({"x": a}), [spec], "here") for a in (wanted, kept))
    assert isinstance(small.inputs["x"], Pixels)
    assert small.inputs["x"].shape == plain.inputs["x"].shape
    assert small.sha256() == plain.sha256()
    assert small.row_hashes() == plain.row_hashes()
    assert check.constant_inputs(small) == check.constant_inputs(plain) == ()
    assert len(check.constant_inputs(small.take([1, 1, 1]))) == 1
    mine, theirs = split(small).choose, split(plain).choose
    assert np.array_equal(mine.inputs["x"], theirs.inputs["x"])
    assert np.shares_memory(mine.inputs["x"].stored, kept.stored)
    more = training_samples(small.take(range(10)), small.take(range(5, 20)))
    assert np.array_equal(more.inputs["x"], plain.inputs["x"][:20])
    assert isinstance(more.inputs["x"], Pixels)
    answers = np.random.default_rng(1).standard_normal((30, 4)).astype(np.float32)
    views = [likeness._by_colours, likeness._by_layout]
    for view in views:
        assert np.array_equal(view([kept]), view([wanted]), equal_nan=True)
    assert likeness.groups_of({"x": kept}, answers) is None


def test_files_hold_the_same_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr(pixels, "BLOCK", 4 * int(np.prod(LETTERBOX.shape)))
    wanted, kept = both(LETTERBOX)
    turned = {"permute": (1, 2, 0), "shape": (24, 32, 3)}
    binding = Binding(source="x", name="x", index=0, dtype="float32", **turned)
    rounded = Binding(
        source="x", name="x", index=0, dtype="int8", scale=0.01, zero_point=-3, **turned
    )
    for number, one in enumerate((binding, rounded)):
        files = [
            Feed({"x": array}, tmp_path / f"{name}{number}").files((one,))[0].read_bytes()
            for name, array in (("plain", wanted), ("kept", kept))
        ]
        assert files[0] == files[1]
    pixels.save(tmp_path / "a.npy", kept)
    np.save(tmp_path / "b.npy", wanted)
    assert (tmp_path / "a.npy").read_bytes() == (tmp_path / "b.npy").read_bytes()


def test_what_is_folded_in_is_taken_out_of_them_as_of_an_array():
    wanted, kept = both(CROP)
    fold = FoldedInput(name="x", mean=CROP.mean, scale=CROP.scale)
    plain, small = (folded.encoded(Samples({"x": a}), fold) for a in (wanted, kept))
    assert np.array_equal(plain[0].inputs["x"], small[0].inputs["x"])
    assert plain[1] == small[1]


@pytest.mark.slow
def test_dividing_hashing_and_feeding_take_a_fraction_of_the_values_memory(tmp_path):
    form = Preparation("stretch", (416, 416), scale=(1 / 255,) * 3)
    kept = Pixels.of(form, (416, 416), 3, 100)
    kept.stored[:] = np.random.default_rng(0).integers(0, 256, kept.stored.shape, np.uint8)
    kept.boxes[:] = 0, 0, 416, 416
    spec = TensorSpec(name="x", dtype="float32", shape=(1, 3, 416, 416))
    binding = Binding(source="x", name="x", index=0, dtype="float32", shape=(1, 3, 416, 416))
    with rises_less_than(100):  # the values are 208 MB, and were there three times
        samples = check.check(Samples({"x": kept}), [spec], "here")
        parts = split(samples)
        samples.sha256()
        assert check.constant_inputs(samples) == ()
        Feed(parts.choose.inputs, tmp_path).files((binding,))
