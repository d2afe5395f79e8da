import itertools

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from edgeopt.datasets.samples import Samples
from edgeopt.datasets.split import CALIBRATE_MOST, split
from edgeopt.domain.errors import BadInput


def samples_of(contents, labels=None, groups=None, origin="data.npz"):
    """Samples whose content is the given number; "row" is their position."""
    contents = np.asarray(contents, np.float32)
    return Samples(
        {"x": np.stack([contents, contents * 2], axis=1)},
        labels=None if labels is None else np.asarray(labels),
        groups=None if groups is None else np.asarray(groups),
        origin=origin,
    )


def all_parts(parts):
    return [parts.calibrate, parts.choose, parts.confirm]


def contents_of(samples):
    return samples.inputs["x"][:, 0].tolist()


@st.composite
def data(draw):
    """Samples with duplicates, and labels and groups at times."""
    n = draw(st.integers(3, 60))
    contents = draw(st.lists(st.integers(0, 40), min_size=n, max_size=n))
    labels = draw(st.none() | st.lists(st.integers(0, 3), min_size=n, max_size=n))
    groups = draw(st.none() | st.lists(st.sampled_from("abcdefgh"), min_size=n, max_size=n))
    return samples_of(contents, labels, groups)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(data(), st.integers(0, 5))
def test_parts_never_overlap_and_cover_everything(samples, seed):
    try:
        parts = split(samples, seed=seed)
    except BadInput:
        assume(False)
    found = [contents_of(part) for part in all_parts(parts)]
    assert all(found)
    assert sorted(itertools.chain(*found)) == sorted(contents_of(samples))
    assert sum(len(set(part)) for part in found) == len(set(contents_of(samples)))
    if samples.groups is not None:
        seen = [set(part.groups.tolist()) for part in all_parts(parts)]
        assert sum(len(groups) for groups in seen) == len(set(samples.groups.tolist()))


@settings(max_examples=30, deadline=None)
@given(data(), st.integers(0, 5))
def test_the_same_seed_gives_the_same_parts(samples, seed):
    try:
        first = split(samples, seed=seed)
    except BadInput:
        assume(False)
    for one, other in zip(all_parts(first), all_parts(split(samples, seed=seed)), strict=True):
        assert one.sha256() == other.sha256()


def test_another_seed_gives_other_parts():
    samples = samples_of(range(100))
    assert contents_of(split(samples, seed=0).confirm) != contents_of(
        split(samples, seed=1).confirm
    )


@pytest.mark.parametrize(
    ("n", "sizes"), [(100, (20, 40, 40)), (3, (1, 1, 1)), (5000, (CALIBRATE_MOST, 2350, 2350))]
)
def test_shares(n, sizes):
    assert tuple(len(part) for part in all_parts(split(samples_of(range(n))))) == sizes


def test_classes_are_in_every_part_in_proportion():
    labels = np.repeat([0, 1, 2], [200, 80, 20])
    for seed in range(5):
        parts = split(samples_of(range(300), labels), seed=seed)
        counts = [np.bincount(part.labels, minlength=3) for part in all_parts(parts)]
        np.testing.assert_allclose(counts[0], [40, 16, 4], atol=1)
        np.testing.assert_allclose(counts[1], [80, 32, 8], atol=1)
        np.testing.assert_allclose(counts[2], [80, 32, 8], atol=1)


def test_labels_that_are_no_classes_do_not_matter():
    fractions = split(samples_of(range(50), np.linspace(0, 1, 50)))
    assert [len(part) for part in all_parts(fractions)] == [10, 20, 20]
    several = split(samples_of(range(50), np.zeros((50, 2), int)))
    assert [len(part) for part in all_parts(several)] == [10, 20, 20]


def test_groups_even_out():
    groups = np.repeat(np.arange(30), np.arange(1, 31))
    parts = split(samples_of(range(len(groups)), groups=groups))
    sizes = [len(part) for part in all_parts(parts)]
    np.testing.assert_allclose(sizes, [93, 186, 186], atol=15)


def test_one_huge_group_leaves_something_for_every_part():
    parts = split(samples_of(range(52), groups=[0] * 50 + [1, 2]))
    assert sorted(len(part) for part in all_parts(parts)) == [1, 1, 50]


def test_a_copy_ties_two_groups_together():
    # a and b share sample 0, b and c sample 1: with d and e there are three units.
    samples = samples_of([0, 10, 0, 1, 1, 11, 12, 13], groups=list("aabbccde"))
    parts = split(samples)
    (together,) = [part for part in all_parts(parts) if "a" in part.groups]
    assert set(together.groups) == {"a", "b", "c"}


def test_a_calibration_file_of_its_own():
    calibration = samples_of(range(100, 107), origin="cal.npz")
    parts = split(samples_of(range(50)), calibration=calibration)
    assert parts.calibrate is calibration
    assert [len(parts.choose), len(parts.confirm)] == [25, 25]


def test_a_confirming_file_of_its_own():
    confirm = samples_of(range(100, 107), origin="conf.npz")
    parts = split(samples_of(range(50)), confirm=confirm)
    assert parts.confirm is confirm
    assert [len(parts.calibrate), len(parts.choose)] == [10, 40]


def test_both_files():
    samples = samples_of([1, 1])
    calibration, confirm = samples_of([2], origin="cal.npz"), samples_of([3], origin="conf.npz")
    parts = split(samples, calibration, confirm)
    assert contents_of(parts.choose) == [1, 1]
    assert parts.calibrate is calibration
    assert parts.confirm is confirm


@pytest.mark.parametrize(
    ("calibration", "confirm", "message"),
    [
        ([4, 5, 90], None, "2 of the samples in cal.npz are in data.npz too\n"),
        (None, [9, 91], "1 of the samples in conf.npz are in data.npz too\n"),
        ([90, 91], [91, 92], "1 of the samples in conf.npz are in cal.npz too\n"),
    ],
)
def test_files_that_overlap(calibration, confirm, message):
    with pytest.raises(BadInput) as caught:
        split(
            samples_of(range(10)),
            calibration and samples_of(calibration, origin="cal.npz"),
            confirm and samples_of(confirm, origin="conf.npz"),
        )
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (samples_of([1, 2]), "data.npz: 2 different samples cannot be divided into 3 parts (cali"),
        (samples_of([1, 1, 1, 2]), "data.npz: 2 different samples cannot be divided into 3 parts"),
        (samples_of(range(9), groups=[0, 1] * 4 + [0]), "data.npz: 2 groups cannot be divided"),
    ],
)
def test_too_few(samples, message):
    with pytest.raises(BadInput) as caught:
        split(samples)
    assert str(caught.value).startswith(message)
    assert "--calibration" in caught.value.hint


def test_too_few_for_two_parts_names_them():
    with pytest.raises(BadInput, match=r"divided into 2 parts \(choose, confirm\)"):
        split(samples_of([1]), calibration=samples_of([2]))


@pytest.mark.parametrize("which", ["data.npz", "conf.npz"])
def test_labels_in_one_of_two_judged_files(which):
    files = {
        name: samples_of([i, i + 10, i + 20], origin=name)
        for i, name in enumerate(["data.npz", "conf.npz"])
    }
    labelled = samples_of(contents_of(files[which]), [0, 1, 2], origin=which)
    (other,) = set(files) - {which}
    files[which] = labelled
    with pytest.raises(BadInput, match=f"{which} has labels, but {other} has none"):
        split(files["data.npz"], confirm=files["conf.npz"])
