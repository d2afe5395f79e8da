"""How long what is being done will take."""

import pytest

from edgeopt.domain.progress import Doing
from edgeopt.report.pace import Pace


@pytest.mark.parametrize(
    ("done", "now", "left"),
    [
        (1, 10.0, "about 30 s left"),
        (2, 10.0, "about 10 s left"),
        (3, 90.0, "about 30 s left"),
        (4, 90.0, ""),
        (1, 2.0, ""),
        (0, 50.0, ""),
    ],
)
def test_by_how_fast_it_went_so_far(done, now, left):
    pace = Pace()
    assert pace.left("asking", 0, 4, 0.0) == ""
    assert pace.left("asking", done, 4, now) == left


def test_what_it_is_done_to_may_change():
    pace = Pace()
    pace.left(Doing("converting", "a"), 1, 5, 100.0)
    assert pace.left(Doing("converting", "b"), 3, 5, 120.0) == "about 20 s left"


@pytest.mark.parametrize("again", [(0, 4), (1, 8)])
def test_the_same_thing_again_begins_anew(again):
    pace = Pace()
    pace.left("measuring", 1, 4, 0.0)
    assert pace.left("measuring", *again, 1000.0) == ""


@pytest.mark.parametrize(("done", "total"), [(0, 0), (3, 0), (5, 4), (-1, 4)])
def test_where_nothing_tells(done, total):
    pace = Pace()
    pace.left("x", 0, 4, 0.0)
    assert pace.left("x", done, total, 100.0) == ""
