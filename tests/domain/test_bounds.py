"""What a number of a call may be."""

from edgeopt.domain import bounds


def test_what_is_within_passes():
    for name, bound in bounds.BOUNDS.items():
        for value in (bound.low, bound.high, None):
            bounds.require(name, value)
