"""What two parts tell together: closed forms, the levels that are claimed, stored figures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from edgeopt.domain.run import Constraints
from edgeopt.domain.score import Drop
from edgeopt.search import choose, evidence
from edgeopt.stats.proportion import reach
from tests.search.test_choose import drop as plain_drop
from tests.search.test_choose import record

LEVELS = json.loads(Path("benchmarks/promise/levels.json").read_text())["worst"]
ONE_POINT = Constraints(max_drop=0.01)


def part(value, bound, n, by="interval", relative=None):
    return Drop(
        value=value, low=None, high=None, interval="", n=n, resolved=False, bound=bound,
        bound_by=by, relative=relative,
    )  # fmt: skip


def both(first, second):
    return record("a", drop=first, confirm_drop=second)


@pytest.mark.parametrize("split", [0.2, 0.5, 0.7])
def test_parts_are_as_sure_together_as_all_samples_at_once(split):
    # The mean of n values of spread 0.1 has a standard error of 0.1 / sqrt(n).
    sizes = round(1000 * split), 1000 - round(1000 * split)
    values = 0.002, 0.006  # no further apart than luck puts them
    parts = [
        part(value, value + reach(0.90) * 0.1 / np.sqrt(n), n)
        for value, n in zip(values, sizes, strict=True)
    ]
    middle = np.dot(values, sizes) / 1000
    assert evidence.of_both(*parts) == pytest.approx(middle + reach(0.95) * 0.1 / np.sqrt(1000))


@pytest.mark.parametrize(
    "parts",
    [  # (loss, bound, samples) of stored runs: a sentence encoder, a ranker
        ((0.0031, 0.0084, 640), (0.0030, 0.0097, 1000)),
        ((-0.0034, 0.0045, 294), (0.0040, 0.0107, 500)),
    ],
)
def test_what_one_part_leaves_open_both_together_may_tell(parts):
    found = both(*(part(*one) for one in parts))
    assert evidence.bound(found) < 0.01
    assert choose.likely(found, ONE_POINT)


def test_a_loss_near_the_limit_on_both_parts_stays_open():
    assert not choose.likely(both(part(0.008, 0.0095, 400), part(0.009, 0.016, 400)), ONE_POINT)


@pytest.mark.parametrize(
    "parts",
    [  # (loss, bound, samples): the first is a U-Net's, whose two sets of photos differ
        ((0.0082, 0.0093, 960), (0.0031, 0.0038, 1200)),
        ((0.0, 0.001, 900), (0.0085, 0.0145, 300)),
    ],
)
def test_parts_that_lose_differently_are_not_taken_together(parts):
    assert evidence.bound(both(*(part(*one) for one in parts))) == parts[1][1]


def test_bounds_by_margins_are_averaged_since_they_are_off_alike():
    found = evidence.of_both(part(0.0, 0.004, 100, "margins"), part(0.0, 0.016, 300, "margins"))
    assert found == pytest.approx(0.013)
    mixed = evidence.of_both(part(0.0, 0.004, 100), part(0.0, 0.016, 300, "margins"))
    assert mixed == pytest.approx(0.013)


def test_errors_are_taken_in_their_own_unit():
    found = evidence.of_both(*(part(5.0, 0.02, 100, relative=0.01) for _ in "ab"))
    assert found == pytest.approx(0.01 + 1.1916 * 0.01 / np.sqrt(2), rel=1e-3)


def test_what_is_known_of_one_part_alone_counts():
    assert evidence.bound(record("a", drop=plain_drop(0.0))) is None
    assert evidence.bound(record("a", drop=part(0.0, 0.003, 9))) == 0.003
    assert evidence.bound(both(plain_drop(0.0), part(0.0, 0.003, 9))) == 0.003
    with pytest.raises(ValueError, match="bound"):
        evidence.of_both(plain_drop(0.0), part(0.0, 0.003, 9))


def test_the_levels_hold_what_is_promised_for_five_forms_at_the_limit():
    rows = [r for r in LEVELS if r["forms"] <= 5 and r["alike"] >= 0.5]
    assert len(rows) == 12
    assert max(row["both together at 97.5 %"] for row in rows) <= 5
    assert max(row["both at 95 %, chosen by the point"] for row in rows) > 15  # why not that


@pytest.mark.parametrize(
    ("lost", "bound", "n", "more"),
    [
        (0.003, 0.011, 1000, 310),  # (8 / 7) ** 2 times as many
        (0.0, 0.02, 100, 300),
        (0.004, 0.0101, 500, 17),
    ],
)
def test_samples_that_would_settle_it(lost, bound, n, more):
    assert evidence.more_samples(lost, bound, 0.01, n) == more


@pytest.mark.parametrize(
    ("lost", "bound", "n"), [(0.0099, 0.02, 500), (0.011, 0.02, 500), (0.0, 0.009, 500), (0, 1, 0)]
)
def test_no_number_where_it_is_no_advice_or_told_already(lost, bound, n):
    assert evidence.more_samples(lost, bound, 0.01, n) is None


def test_what_is_lost_is_of_all_samples_that_judged():
    assert evidence.lost(both(part(0.0, 0.1, 100), part(0.004, 0.1, 300))) == (0.003, 400)
    assert evidence.lost(record("a", drop=None)) == (0.0, 0)
