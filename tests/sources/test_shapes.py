import pytest

from edgeopt.domain.errors import BadInput
from edgeopt.domain.open_axis import OpenAxis
from edgeopt.report.open_axis_words import advice
from edgeopt.sources.shapes import batch_symbols, fix, open_axes


def test_what_stands_first_and_is_open_is_the_batch():
    shapes = [("N", 3, 8, 8), (2, "N", 128), ("other", 4), (), (1, "length")]
    assert batch_symbols(shapes) == {"N", "other"}


@pytest.mark.parametrize(
    ("shape", "said", "seen", "fixed"),
    [
        ((1, 4), None, None, (1, 4)),
        ((), None, None, ()),
        (("N", 4), None, None, (1, 4)),
        (("N", 4), None, (4,), (1, 4)),
        ((2, "N", 128), None, None, (2, 1, 128)),
        (("N", "length"), None, (7,), (1, 7)),
        (("N", "length"), None, (1, 7), (1, 7)),
        ((1, "length"), None, (7,), (1, 7)),
        (("N", "length", "width"), (1, 7, 9), None, (1, 7, 9)),
        (("N", "length"), (4, 7), (9,), (4, 7)),
        ((3, "length"), (3, 7), None, (3, 7)),
        (("N", "length", 5), None, (7, 5), (1, 7, 5)),
        ((20, "batch", 8), None, (20, 8), (20, 1, 8)),  # [time, batch, features]
        ((20, "any", 8), None, (20, 8), (20, 1, 8)),
        ((3, 5, "last"), None, (3, 5), (3, 5, 1)),
        (("points", 3), None, (7, 3), (7, 3)),
        (("N",), None, (0,), (0,)),
        ((1, 2, "past", 8), None, (1, 2, 0, 8), (1, 2, 0, 8)),
        ((1, 2, "past", 8), None, (2, 0, 8), (1, 2, 0, 8)),
        (None, (2, 4), (9,), (2, 4)),
        (None, (), (9,), ()),
        (None, None, (4,), (1, 4)),
        (None, None, (), (1,)),
    ],
)
def test_fixed(shape, said, seen, fixed):
    assert fix("x", shape, {"N"}, said, seen) == fixed


def test_a_batch_that_is_called_so_stays_one():
    """Data in batches of 7 is then refused for its shape."""
    assert fix("x", ("batch_size", 3), {"batch_size"}, None, (7, 3)) == (1, 3)


@pytest.mark.parametrize(
    ("shape", "seen", "what"),
    [
        (None, None, "the shape"),
        (("N", "length"), None, "dimension 'length'"),
        (("N", "length"), (7, 9, 9), "dimension 'length'"),
        ((2, "length"), (7,), "dimension 'length'"),
    ],
)
def test_left_open(shape, seen, what):
    with pytest.raises(BadInput) as caught:
        fix("x", shape, {"N"}, None, seen)
    assert caught.value.args[0] == (
        f"the model leaves {what} of input 'x' open, and nothing says what it should be."
    )
    assert "--shape x=1x3x224x224" in caught.value.hint


@pytest.mark.parametrize("said", [(1, 5), (1, 4, 1), (1,), ()])
def test_said_against_the_model(said):
    got = "x".join(map(str, said))
    with pytest.raises(BadInput) as caught:
        fix("x", ("N", 4), {"N"}, said, (4,))
    assert caught.value.args[0] == (
        f"--shape x={got} does not fit the model, whose input 'x' is Nx4."
    )
    assert "only named dimensions" in caught.value.hint


@pytest.mark.parametrize(
    ("shape", "said", "seen", "found"),
    [
        (("N", 3, "width"), None, (3, 96), [(0, 1, "batch"), (2, 96, "data")]),
        (("N", "width"), (1, 200), (96,), [(0, 1, "said"), (1, 200, "said")]),
        (("points", 3), None, (3,), [(0, 1, "batch")]),
        (("points", 3), None, (7, 3), [(0, 7, "data")]),
        ((20, "any", 8), None, (20, 8), [(1, 1, "batch")]),
        ((1, "past"), None, (0,), [(1, 0, "data")]),
        ((1, 4), None, (4,), []),
        (None, None, (4,), []),
    ],
)
def test_what_was_open_is_known_with_what_fixed_it(shape, said, seen, found):
    axes = open_axes("x", shape, batch_symbols([shape or ()]), said, seen)
    assert [(axis.axis, axis.size, axis.basis) for axis in axes] == found


@pytest.mark.parametrize(
    ("shape", "seen", "words"),
    [
        (("batch", 3, "width"), (3, 96), ["axis 2 ('width')", "96", "x=1x3xWIDTH"]),
        (("batch", "past"), (0,), ["axis 1 ('past')", " 0 ", "as in the data"]),
        (("points", 3), (3,), ["axis 0 ('points')", "nothing says what it should be"]),
        (("batch_size", 3), (3,), []),  # one sample at a time, as always
        (("s77", 3), (3,), []),
    ],
)
def test_an_open_axis_that_is_fixed_is_told(shape, seen, words):
    batch = batch_symbols([shape])
    axes = open_axes("x", shape, batch, None, seen)
    told = advice(axes, {"x": fix("x", shape, batch, None, seen)})
    assert len(told) == bool(words)
    for word in words:
        assert word in told[0]


@pytest.mark.parametrize(
    ("name", "letter"),
    [("length", "LENGTH"), ("p2o.DynamicDimension.1", "N2"), ("?", "N2"), ("x 2", "N2")],
)
def test_what_to_type_for_another_size_can_be_typed(name, letter):
    axis = OpenAxis(input="x", axis=2, name=name, size=8, basis="said")
    (said,) = advice((axis,), {"x": (1, 3, 8)})
    assert f"--shape x=1x3x{letter}, and a number for {letter}." in said
