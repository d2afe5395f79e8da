"""What the end of a limited time needs."""

from edgeopt.search.ending import END_SHARE, finalists, reserved_s


def test_fewer_are_measured_for_good_where_time_is_short():
    assert [finalists(left, 1.0) for left in (100.0, 6.0, 5.9, 5.0, 4.9, -1.0)] == [
        3,
        3,
        2,
        2,
        1,
        1,
    ]


def test_the_end_has_its_share_of_the_time_and_never_less_than_it_needs():
    assert reserved_s(30.0, 60.0) == 30.0
    assert reserved_s(30.0, 1200.0) == END_SHARE * 1200.0
