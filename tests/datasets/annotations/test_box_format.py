import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeopt.datasets.annotations import box_format
from edgeopt.datasets.annotations.box_format import LAYOUTS, Written, checked, corners
from edgeopt.domain.errors import BadInput

SIZE = np.array([640, 480])


def boxes(count, seed=0):
    """Corners in pixels, within an image of 640 x 480, spread over it."""
    rng = np.random.default_rng(seed)
    sides = rng.uniform(10, 200, (count, 2))
    first = rng.uniform(0, 1, (count, 2)) * (SIZE - sides)
    return np.concatenate([first, first + sides], axis=1)


def written(numbers, layout, unit="pixels"):
    numbers = np.asarray(numbers, np.float64)
    return Written(
        numbers,
        np.tile(SIZE, (len(numbers), 1)),
        layout,
        unit,
        lambda i: f"box {i}",
        "boxes.json",
        "COCO's",
    )


def as_layout(found, layout):
    sides = found[:, 2:] - found[:, :2]
    first = {"xyxy": found[:, :2], "xywh": found[:, :2], "cxcywh": found[:, :2] + sides / 2}[layout]
    return np.concatenate([first, found[:, 2:] if layout == "xyxy" else sides], axis=1)


@given(st.sampled_from(LAYOUTS), st.sampled_from(["pixels", "shares"]), st.integers(0, 1000))
def test_every_layout_and_unit_gives_the_same_corners(layout, unit, seed):
    wanted = boxes(12, seed)
    numbers = as_layout(wanted, layout) / (np.tile(SIZE, 2) if unit == "shares" else 1)
    np.testing.assert_allclose(checked(written(numbers, layout, unit)), wanted, atol=1e-9)


@pytest.mark.parametrize("count", [8, 300])
@pytest.mark.parametrize("said", LAYOUTS)
@pytest.mark.parametrize("unit", ["pixels", "shares"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_boxes_of_another_layout_or_unit_are_told(layout, unit, said, count):
    if layout == said and unit == "pixels":
        assert len(checked(written(as_layout(boxes(count), layout), said))) == count
        return
    numbers = as_layout(boxes(count), layout) / (np.tile(SIZE, 2) if unit == "shares" else 1)
    with pytest.raises(BadInput) as caught:
        checked(written(numbers, said))
    message = str(caught.value.args[0])
    if "seem to be" in message:  # of few boxes one layout may fit as well as another
        assert ("in shares" in message.split("but COCO's")[0]) == (unit == "shares")
        assert count < 300 or f"seem to be {box_format.WORDS[layout]}" in message
    assert count < 300 or "seem to be" in message


def test_the_sentence():
    with pytest.raises(BadInput) as caught:
        checked(written(boxes(100), "xywh"))
    assert str(caught.value.args[0]) == (
        "boxes.json: the boxes seem to be [x1, y1, x2, y2] in pixels (100 of 100 fit their images "
        "so), but COCO's are [x, y, width, height] in pixels (22 fit)."
    )
    assert caught.value.hint == "Write them as [x, y, width, height] in pixels."


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ([10, 10, 10, 40], "box 7: the box [10, 10, 10, 40] in an image of 640 x 480 pixels has no "
         "area."),
        ([50, 50, 40, 90], "has no area."),
        ([700, 10, 800, 40], "lies outside its image, or reaches out of it."),
        ([600, 10, 660, 40], "lies outside its image, or reaches out of it."),
        ([-20, 10, 60, 40], "lies outside its image, or reaches out of it."),
        ([640.5, 10, 641, 40], "lies outside its image, or reaches out of it."),
        ([10, float("nan"), 60, 40], "box 7: the box [10, nan, 60, 40] holds a number that is not "
         "finite."),
        ([10, 10, float("inf"), 40], "holds a number that is not finite."),
    ],
)  # fmt: skip
def test_one_bad_box_is_told_with_its_place(bad, message):
    numbers = boxes(60)
    numbers[7] = bad
    with pytest.raises(BadInput) as caught:
        checked(written(numbers, "xyxy"))
    assert message in str(caught.value.args[0])
    numbers[9] = bad
    with pytest.raises(BadInput, match=r"\(2 of 60 boxes do\)"):
        checked(written(numbers, "xyxy"))


def test_a_box_a_little_over_the_edge_is_cut_there():
    numbers = [[-1.5, 10, 100, 483], [600, -4, 646, 100]]
    found = checked(written(numbers, "xyxy"))
    assert found.tolist() == [[0, 10, 100, 480], [600, 0, 640, 100]]


def test_fewer_than_five_boxes_are_no_statistics():
    with pytest.raises(BadInput, match="lies outside its image"):
        checked(written([[400, 300, 500, 400]], "xywh"))


def test_numbers_to_corners():
    assert corners(np.array([[1.0, 2, 3, 4]]), "cxcywh").tolist() == [[-0.5, 0, 2.5, 4]]
    assert corners(np.array([[1.0, 2, 3, 4]]), "xywh").tolist() == [[1, 2, 4, 6]]
