import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeopt.datasets.parts import Part, parts

RNG = np.random.default_rng(0)


def detector(n=24, cells=64, classes=2):
    """[n, 1, 4 + classes, cells]: boxes in pixels of 640, and a score of 0.95 in one cell."""
    rng = np.random.default_rng(1)
    side = int(np.sqrt(cells))
    grid = np.stack(np.meshgrid(*[np.arange(side) * 640 / side + 40] * 2)).reshape(2, -1)
    boxes = np.concatenate([grid + rng.uniform(0, 160, (n, 2, cells)),
                            rng.uniform(0, 160, (n, 2, cells))], axis=1)  # fmt: skip
    scores = 1 / (1 + np.exp(-rng.normal(-6, 1, (n, classes, cells))))
    for i in range(n):
        scores[i, i % classes, rng.integers(cells)] = 0.95
    return np.concatenate([boxes, scores], axis=1)[:, None].astype(np.float32)


def words(answers, name="y"):
    return [part.words for part in parts(name, answers)]


def test_boxes_and_scores_are_two_parts():
    assert words(detector(), "output0") == [
        "channels 0 to 3 of output0",
        "channels 4 to 5 of output0",
    ]


def test_eighty_scores_are_one_part_though_most_classes_never_occur():
    answers = detector(classes=80)
    answers[:, :, 6:] *= 1e-3
    assert words(answers) == ["channels 0 to 3 of y", "channels 4 to 83 of y"]


def test_channels_last_are_columns():
    assert words(detector().swapaxes(2, 3)) == ["columns 0 to 3 of y", "columns 4 to 5 of y"]


def test_a_head_that_repeats_boxes_and_scores_has_two_parts():
    twice = np.concatenate([detector(), detector()], axis=2)
    assert words(twice) == ["channels 0 to 3, 6 to 9 of y", "channels 4 to 5, 10 to 11 of y"]


@pytest.mark.parametrize(
    "answers",
    [
        RNG.normal(size=(20, 1, 1000)),  # logits
        RNG.normal(size=(20, 1, 8, 16, 16)),  # a map
        RNG.uniform(0, 192, 1404) + RNG.normal(size=(20, 1, 1404)),  # coordinates
        RNG.integers(0, 9, (20, 1, 4)),
        RNG.random((20, 1, 1)),
        np.zeros((20, 1, 6)),
        np.full((20, 1, 2, 3), np.nan),
    ],
    ids=["logits", "map", "coordinates", "integers", "one value", "zeros", "nan"],
)
def test_what_is_of_one_scale_is_one_part(answers):
    assert parts("y", answers) == (Part("y", answers.shape[1:]),)


def test_classes_of_a_softmax_share_one_whole():
    """The third class never occurs: its column is tiny, and no unit of its own."""
    first = RNG.uniform(0.1, 0.9, (30, 1))
    rows = np.concatenate([first, 1 - first, np.full((30, 1), 1e-5)], axis=1)[:, None]
    assert words(rows / rows.sum(axis=-1, keepdims=True)) == ["y"]


def test_a_sigmoid_that_never_fires_is_no_unit_of_its_own():
    rows = np.concatenate([RNG.random((30, 1, 3)), RNG.random((30, 1, 1)) * 1e-4], axis=2)
    assert words(rows) == ["y"]


def test_infinities_are_no_scale():
    answers = RNG.normal(size=(20, 1, 4))
    answers[..., 3] = -np.inf
    assert words(answers) == ["y"]


def test_rounding_noise_is_no_part():
    answers = RNG.normal(size=(20, 1, 4))
    answers[..., 3] *= 1e-8
    assert words(answers) == ["y"]


def mask(n=40, side=24, border=(1, 1)):
    """[n, side, side]: a blob somewhere inside that hardly ever reaches the first rows."""
    rng = np.random.default_rng(2)
    y, x = np.mgrid[:side, :side]
    top, left = border
    middle = np.stack([rng.uniform(4 * top, side, n), rng.uniform(4 * left, side, n)])
    far = (y - middle[0, :, None, None]) ** 2 + (x - middle[1, :, None, None]) ** 2
    found = 1 / (1 + np.exp(far / 6 - 5))
    found[3] = found[3].T[::-1]
    return found.astype(np.float32)


@pytest.mark.parametrize("border", [(1, 1), (1, 0), (0, 1), (2, 0)])
@pytest.mark.parametrize("axes", [(1,), (1, 2), (3,), ()])
def test_rows_of_a_mask_that_seldom_fire_are_no_parts(border, axes):
    assert words(np.expand_dims(mask(border=border), axes)) == ["y"]
    logits = np.log(mask(border=border) + 1e-6)
    assert words(np.expand_dims(logits, axes)) == ["y"]


def test_a_heatmap_that_fires_inside_alone_is_one_part():
    rows = np.abs(RNG.normal(size=(30, 1, 5, 64, 64)))
    rows[..., 0, :] *= 0.01
    rows[..., -1] *= 0.01
    assert words(rows) == ["y"]
    assert words(np.moveaxis(rows, 2, -1)) == ["y"]


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("both", [False, True])
def test_a_map_that_grows_from_its_border_is_one_part(turned, both):
    grows = np.minimum(np.arange(24), 23 - np.arange(24) if both else 24) * 2.5
    rows = np.abs(RNG.normal(size=(30, 1, 24, 70))) * (grows[:, None] + 0.02)
    assert words(rows.swapaxes(2, 3) if turned else rows) == ["y"]


def test_a_score_behind_many_points_is_a_part_still():
    points = np.concatenate(
        [RNG.uniform(0, 192, (20, 1, 30, 136)), RNG.random((20, 1, 30, 1))], axis=3
    )
    assert words(points) == ["columns 0 to 135 of y", "column 136 of y"]


def test_channels_of_a_map_are_parts_still():
    rows = RNG.normal(size=(24, 1, 6, 10, 12))
    rows[:, :, 4:] *= 0.01
    assert words(rows) == ["channels 0 to 3 of y", "channels 4 to 5 of y"]
    assert words(np.moveaxis(rows, 2, -1)) == ["columns 0 to 3 of y", "columns 4 to 5 of y"]
    anchors = RNG.normal(size=(24, 1, 3, 10, 12, 6)) * [90, 90, 90, 90, 1, 1]
    assert words(anchors) == ["columns 0 to 3 of y", "columns 4 to 5 of y"]


@pytest.mark.parametrize("classes", [1, 80])
@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("front", [0, 1])
def test_heads_of_detectors_have_boxes_and_scores(classes, last, front):
    answers = detector(classes=classes, cells=225, n=16)
    if last:
        answers = answers.swapaxes(2, 3)
    answers = np.expand_dims(answers, tuple(range(1, 1 + front)))
    assert [part.slices for part in parts("y", answers)] == [
        (0, 1, 2, 3),
        tuple(range(4, 4 + classes)),
    ]


def test_a_single_slice_is_named_alone():
    assert Part("y", (1, 6, 4), 1, (5,)).words == "channel 5 of y"
    assert Part("y", (3, 1, 6, 4), 0, (0, 2)).words == "places 0, 2 on axis 0 of y"


@settings(max_examples=30, deadline=None)
@given(st.permutations(range(6)), st.sampled_from([1e-2, 1.0, 1e3]))
def test_the_order_of_slices_and_the_unit_of_all_change_nothing(order, unit):
    found = parts("y", detector()[:, :, list(order)] * unit)
    scores = {order.index(4), order.index(5)}
    assert scores in [set(part.slices) for part in found]
    assert len(found) == 2
