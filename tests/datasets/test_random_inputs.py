"""Random samples of the right kind."""

import numpy as np
import pytest

from edgeopt.datasets import random_inputs
from edgeopt.datasets.random_inputs import COUNT, Kind

#: name -> (kind, least, largest, how many different values at least)
KINDS = {
    "a photo": (Kind("float32", (1, 3, 16, 16)), 0, 1, 1000),
    "bytes of a photo": (Kind("uint8", (1, 16, 16, 3)), 0, 255, 200),
    "signed bytes": (Kind("int8", (1, 16, 16, 3)), -128, 127, 200),
    "token ids": (Kind("int64", (1, 64), (0, 30)), 0, 30, 31),
    "ids in floats": (Kind("float32", (1, 64), (0, 30)), 0, 30, 31),
    "rows of a small table in bytes": (Kind("uint8", (1, 64), (0, 3)), 0, 3, 4),
    "a mask": (Kind("int32", (1, 64)), 0, 1, 2),
    "switches": (Kind("bool", (1, 64)), 0, 1, 2),
    "features": (Kind("float32", (1, 64)), -10, 10, 500),
    "half-precision features": (Kind("float16", (1, 64)), -10, 10, 200),
}


@pytest.mark.parametrize("name", KINDS)
def test_values_are_of_the_kind(name):
    kind, least, largest, different = KINDS[name]
    samples = random_inputs.made({"x": kind})
    array = samples.inputs["x"]
    assert array.shape == (COUNT, *kind.shape)
    assert array.dtype == kind.dtype
    assert least <= array.min() <= array.max() <= largest
    assert len(np.unique(array)) >= different


def test_features_are_around_zero():
    array = random_inputs.made({"x": Kind("float32", (1, 4096))}).inputs["x"]
    assert abs(array.mean()) < 0.05
    assert abs(array.std() - 1) < 0.05


def test_what_is_drawn_first_fits_every_table():
    kinds = {name.replace(" ", "-"): kind for name, (kind, *_) in KINDS.items()}
    samples = random_inputs.cautious(kinds, 4)
    assert set(samples.inputs) == set(kinds)
    assert all(0 <= a.min() <= a.max() <= 1 for a in samples.inputs.values())


def test_the_same_seed_draws_the_same_and_parts_hold_all():
    kinds = {"ids": Kind("int64", (1, 5), (0, 9)), "mask": Kind("int64", (1, 5))}
    one, same, other = (random_inputs.made(kinds, seed=seed) for seed in (0, 0, 1))
    assert one.sha256() == same.sha256() != other.sha256()
    parts = random_inputs.parts(one)
    assert len(parts.calibrate) + len(parts.choose) + len(parts.confirm) == len(one)
    numbers = [n for p in (parts.calibrate, parts.choose, parts.confirm) for n in p.numbers]
    assert sorted(numbers) == list(range(len(one)))


def test_equal_samples_may_be_in_two_parts():
    parts = random_inputs.parts(random_inputs.made({"on": Kind("bool", (1,))}))
    assert min(len(parts.calibrate), len(parts.choose), len(parts.confirm)) > 0
