from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from edgeopt.report.labels import Box, Wish, place

FRAME = Box(40, 20, 1000, 400)
PLACES = st.tuples(st.floats(40, 1000), st.floats(20, 400))
TEXTS = st.lists(st.text("abc mW", min_size=1, max_size=30), min_size=1, max_size=3).map(tuple)


@given(st.lists(st.tuples(TEXTS, PLACES, st.booleans()), max_size=14))
def test_labels_never_overlap_and_stay_in_the_frame(asked):
    wishes = [Wish(lines, x, y, must=must) for lines, (x, y), must in asked]
    points = [Box(w.x - 8, w.y - 8, w.x + 8, w.y + 8) for w in wishes]
    labels = place(wishes, FRAME, points)
    assert all(FRAME.holds(label.box) for label in labels)
    assert not any(a.box.overlaps(b.box) for a, b in combinations(labels, 2))
    optional = {wish.lines for wish in wishes if not wish.must}
    forced = {wish.lines for wish in wishes if wish.must}
    free = [label for label in labels if label.lines in optional - forced]
    assert not any(label.box.overlaps(point) for label in free for point in points)
    assert len(labels) - len(free) >= len(forced)


def test_the_first_place_is_beside_the_point():
    label = place([Wish(("name",), 500, 200)], FRAME, [])[0]
    assert (label.x, label.anchor, label.leader) == (510, "start", None)
    assert label.box.top < 200 < label.box.bottom


def test_at_the_right_edge_it_goes_to_the_left():
    label = place([Wish(("a longer name",), 995, 200)], FRAME, [])[0]
    assert label.anchor == "end"


def test_what_must_be_shown_covers_points_rather_than_go():
    crowd = [Box(40, 20, 1000, 400)]
    assert place([Wish(("name",), 500, 200)], FRAME, crowd) == []
    assert len(place([Wish(("name",), 500, 200, must=True)], FRAME, crowd)) == 1


def test_lines_are_avoided_where_there_is_room():
    level = Box(40, 199, 1000, 201)
    label = place([Wish(("name",), 500, 200)], FRAME, [], [level])[0]
    assert not label.box.overlaps(level)
    everywhere = Box(0, 0, 2000, 2000)
    assert len(place([Wish(("name",), 500, 200)], FRAME, [], [everywhere])) == 1


def test_a_distant_label_is_led_to_its_point():
    wall = Box(480, 180, 520, 220)
    label = place([Wish(("name",), 500, 200)], FRAME, [wall])[0]
    assert label.leader is not None
    assert label.leader[:2] == (500, 200)


def test_every_line_has_its_own_baseline():
    label = place([Wish(("one", "two", "three"), 500, 200, size=10)], FRAME, [])[0]
    gaps = [round(b - a, 1) for a, b in zip(label.baselines, label.baselines[1:], strict=False)]
    assert gaps == [12.5, 12.5]


def test_labels_that_stand_already_are_kept_clear():
    first = place([Wish(("name",), 500, 200)], FRAME, [])
    both = place([Wish(("other",), 500, 200)], FRAME, [], placed=first)
    assert both[0] == first[0]
    assert not both[0].box.overlaps(both[1].box)
