import pytest

from edgeopt.domain.errors import BadInput
from edgeopt.sources.shapes import batch_symbols, fix


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
        (None, (2, 4), (9,), (2, 4)),
        (None, (), (9,), ()),
        (None, None, (4,), (1, 4)),
        (None, None, (), (1,)),
    ],
)
def test_fixed(shape, said, seen, fixed):
    assert fix("x", shape, {"N"}, said, seen) == fixed


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
