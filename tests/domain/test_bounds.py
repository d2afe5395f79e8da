"""What a number of a call may be."""

import numpy as np
import pytest

from edgeopt.domain import bounds
from edgeopt.domain.errors import BadInput


def test_what_is_within_passes():
    for name, bound in bounds.BOUNDS.items():
        for value in (int(bound.low) or 1, int(bound.high), np.int64(1), None):
            bounds.require(name, value)


@pytest.mark.parametrize("value", ["3", True, [1], lambda: 1, 1j])
def test_what_is_no_number_is_refused(value):
    for name in bounds.BOUNDS:
        with pytest.raises(BadInput, match=r"must be a (whole )?number.*but got"):
            bounds.require(name, value)


@pytest.mark.parametrize("name", ["seed", "trials", "threads", "batch", "streams"])
def test_what_counts_has_no_fraction(name):
    with pytest.raises(BadInput, match=r"must be a whole number, but got 2\.5"):
        bounds.require(name, 2.5)


def test_nothing_is_refused_where_a_number_is_needed():
    with pytest.raises(BadInput, match="--max-drop must be a number, but got None"):
        bounds.require_said("max_drop", None)
