"""Samples that look as if they belonged together, and those that must not."""

from __future__ import annotations

import numpy as np
import pytest

from edgeopt.datasets import likeness

RNG = np.random.default_rng(0)


def answers(rows, classes=10):
    """What a small network answers: mixed features, bent."""
    flat = rows.reshape(len(rows), -1)
    mixed = np.random.default_rng(1).normal(size=(flat.shape[1], classes))
    return np.tanh(flat @ mixed / np.sqrt(flat.shape[1])).astype(np.float32)


def scene(rng, size=64):
    """A picture of a few blobs in colours of its own, float32 [3, size, size]."""
    y, x = np.mgrid[:size, :size] / size
    picture = np.ones((3, size, size)) * rng.uniform(0, 1, (3, 1, 1))
    for _ in range(6):
        spot = np.exp(
            -((x - rng.uniform()) ** 2 + (y - rng.uniform()) ** 2) / rng.uniform(0.005, 0.05)
        )
        picture = picture * (1 - spot) + spot * rng.uniform(0, 1, (3, 1, 1))
    return picture.astype(np.float32)


def frames(count, each, moved=2):
    """(frames [n, 3, 64, 64] of so many films, the film of each)"""
    rng = np.random.default_rng(count)
    films = [scene(rng) for _ in range(count)]
    which = np.repeat(np.arange(count), each)
    seen = [
        np.roll(films[k], tuple(rng.integers(-moved, moved + 1, 2)), (1, 2)) * rng.uniform(0.8, 1)
        + rng.normal(0, 0.03, films[k].shape)
        for k in which
    ]
    order = rng.permutation(len(which))
    return np.array(seen, np.float32)[order], which[order]


@pytest.mark.slow
@pytest.mark.parametrize(("count", "each"), [(2, 30), (5, 24), (8, 15)])
def test_frames_of_few_films_are_seen(count, each):
    seen, which = frames(count, each)
    found = likeness.groups_of({"image": seen}, answers(seen))
    assert found is not None
    assert abs(found.max() + 1 - count) <= 1
    # Most pairs of one film are of one group, and no two films are one.
    same = which[:, None] == which
    assert (found[:, None] == found)[same].mean() > 0.8
    assert (found[:, None] == found)[~same].mean() < 0.2


@pytest.mark.slow
def test_grey_frames_and_channels_last_are_seen_as_well():
    seen, _ = frames(4, 20)
    grey = seen.mean(axis=1, keepdims=True)
    assert likeness.groups_of({"x": grey}, answers(grey)) is not None
    last = np.moveaxis(seen, 1, -1)
    assert likeness.groups_of({"x": last}, answers(last)) is not None


def test_windows_of_few_recordings_are_seen():
    rng = np.random.default_rng(3)
    which = np.repeat(np.arange(4), 20)
    tunes = rng.normal(size=(4, 160)).cumsum(axis=1)
    sound = np.stack([tunes[k] + rng.normal(0, 0.3, 160) for k in which]).astype(np.float32)
    found = likeness.groups_of({"sound": sound}, answers(sound))
    assert found is not None
    assert found.max() + 1 == 4


def independent():
    from sklearn.datasets import load_digits, make_classification

    digits = (load_digits().data[:160] / 16).astype(np.float32)
    yield "digits", digits.reshape(-1, 1, 8, 8)
    yield "noise", RNG.normal(size=(150, 3, 16, 16)).astype(np.float32)
    yield "scenes", np.stack([scene(np.random.default_rng(i), 32) for i in range(120)])
    yield "table", RNG.normal(size=(150, 12)).astype(np.float32)
    wide, _ = make_classification(150, 80, n_informative=20, n_classes=4, random_state=0)
    yield "wide table", wide.astype(np.float32)
    yield "one-hot", np.eye(100, dtype=np.float32)[RNG.integers(0, 100, 150)]
    fields = [np.eye(16)[RNG.integers(0, 16, 150)] for _ in range(8)]
    yield "one-hot fields", np.concatenate(fields, axis=1).astype(np.float32)
    yield "ids", RNG.integers(0, 1000, (150, 128))
    yield "constant", np.ones((150, 100), np.float32)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "rows"), list(independent()))
def test_independent_samples_do_not_look_like_few_groups(name, rows):
    assert likeness.groups_of({"x": rows}, answers(rows)) is None


@pytest.mark.slow
def test_classes_that_are_far_apart_in_the_answers_are_no_groups():
    from sklearn.datasets import load_digits

    data = load_digits()
    rows = (data.data[:160] / 16).astype(np.float32).reshape(-1, 1, 8, 8)
    sure = 20 * np.eye(10)[data.target[:160]] + RNG.normal(size=(160, 10))
    assert likeness.groups_of({"x": rows}, sure.astype(np.float32)) is None


def of_two_classes(kind, n=120):
    """(independent pictures [n, 3, 32, 32] of two classes that look different, the class)"""
    rng = np.random.default_rng(4)
    classes = rng.integers(0, 2, n)
    y, x = np.mgrid[:32, :32] / 32
    seen = []
    for number in classes:
        own = np.random.default_rng(rng.integers(1 << 30))
        if kind == "sky or ground":
            picture = np.where(y < 0.5, number, 1 - number) + 0.3 * scene(own, 32)
        elif kind == "large or small":
            disc = (x - 0.5) ** 2 + (y - 0.5) ** 2 < (0.1 if number else 0.2)
            picture = disc * own.uniform(0.5, 1, (3, 1, 1)) + own.normal(0, 0.1, (3, 32, 32))
        else:
            tint = [1, 0.2, 0.2] if number else [0.2, 0.2, 1]
            picture = scene(own, 32) * np.array(tint)[:, None, None]
        seen.append(picture)
    sure = 6 * np.eye(2)[classes] + rng.normal(size=(n, 2))
    return np.array(seen, np.float32), sure.astype(np.float32), classes


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sky or ground", "large or small", "red or blue"])
def test_classes_that_look_different_are_explained_by_their_labels(kind):
    seen, told, classes = of_two_classes(kind)
    assert likeness.groups_of({"x": seen}, told, classes) is None
    assert likeness.groups_of({"x": seen}, told, np.array(["a", "b"])[classes]) is None
    # Labels that say nothing of it explain nothing.
    other = np.random.default_rng(0).permutation(classes)
    found = likeness.groups_of({"x": seen}, told, other)
    assert found is not None
    assert found.max() == 1


@pytest.mark.slow
@pytest.mark.parametrize("pair", [(0, 1), (0, 4), (0, 6)])
def test_two_digits_are_no_groups_even_without_labels(pair):
    from sklearn.datasets import load_digits

    data = load_digits()
    rows = np.flatnonzero(np.isin(data.target, pair))[:160]
    seen = (data.data[rows] / 16).astype(np.float32).reshape(-1, 1, 8, 8)
    sure = 6 * np.eye(10)[data.target[rows]] + RNG.normal(size=(len(rows), 10))
    assert likeness.groups_of({"x": seen}, sure.astype(np.float32)) is None


@pytest.mark.slow
@pytest.mark.parametrize("count", [4, 6])
def test_films_within_classes_are_seen_beside_labels(count):
    seen, film = frames(count, 30)
    found = likeness.groups_of({"x": seen}, answers(seen), film % 2)
    assert found is not None
    assert abs(found.max() + 1 - count) <= 1


@pytest.mark.slow
def test_films_of_one_class_are_seen_where_the_other_is_independent():
    seen, _ = frames(2, 30)
    others = np.stack([scene(np.random.default_rng(900 + i)) for i in range(60)])
    both = np.concatenate([seen, others])
    classes = np.repeat([0, 1], 60)
    told = np.concatenate([answers(both), 20 * np.eye(2, dtype=np.float32)[classes]], axis=1)
    found = likeness.groups_of({"x": both}, told, classes)
    assert found is not None
    assert len(np.unique(found[:60])) <= 4


def test_too_few_samples_say_nothing():
    seen, _ = frames(2, 8)
    assert likeness.groups_of({"x": seen}, answers(seen)) is None


def test_advice_says_how_many_and_what_to_do():
    said = str(likeness.advice(np.arange(300) % 5))
    assert said.startswith("These 300 samples look like 5 groups. ")
    assert "give groups" in said
