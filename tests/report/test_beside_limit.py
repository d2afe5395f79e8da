"""A figure beside its limit never reads like the limit where it is beyond it, or within."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from edgeopt.domain.passed_over import PassedOver
from edgeopt.domain.shortfall import Shortfall, Subset
from edgeopt.report import beside_limit, page_answer, reasons, shortfall_words, words
from edgeopt.report.answer import answer
from tests.report.sample import INTEL, drop, sample_run
from tests.report.test_answer import chosen_as

PART = Subset(part="choose", n=480)


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (Shortfall(kind="latency", got=2.004, allowed=2.0), "p50 is 2.004 ms, allowed 2.000 ms"),
        (Shortfall(kind="latency", got=1503.0, allowed=1500.0), "p50 is 1.503 s, allowed 1.500 s"),
        (Shortfall(kind="p90", got=1234.0, allowed=1000.0), "p90 is 1.23 s, allowed 1.00 s"),
        (Shortfall(kind="latency", got=5.0, allowed=2.0), "p50 is 5.00 ms, allowed 2.00 ms"),
        (Shortfall(kind="energy", got=3.201, allowed=3.2), "energy is 3.201 mJ, allowed 3.2 mJ"),
        (Shortfall(kind="energy", got=5e-5, allowed=4e-5), "is 0.00005 mJ, allowed 0.00004 mJ"),
        (Shortfall(kind="energy", got=1503.4, allowed=1503.0), "is 1503.4 mJ, allowed 1503 mJ"),
        (
            Shortfall(kind="drop", got=5 / 480, allowed=0.01, where=PART),
            "loses 1.04 points on the 480 choosing samples, and 1.00 points are allowed",
        ),
        (
            Shortfall(kind="drop", got=0.20004, allowed=0.2, relative=True, where=PART),
            "loses 20.004 % on the 480 choosing samples, and 20.000 % are allowed",
        ),
        (
            Shortfall(kind="drop", got=0.00004, allowed=0.0, where=PART),
            "loses <0.01 points on the 480 choosing samples, and 0.0 points are allowed",
        ),
    ],
)
def test_what_is_beyond_a_limit_reads_like_it(one, said):
    assert said in shortfall_words.clause(one)


def test_what_is_the_limit_itself_has_no_more_digits():
    assert beside_limit.ms(2.0, 2.0) == ("2.00 ms", "2.00 ms")
    assert beside_limit.drop(drop(0.01, 0.1), 0.01) == ("loses 1.0 points", "1.0 points")
    assert beside_limit.drop(drop(-0.004, 0.1), 0.01) == ("gains 0.4 points", "1.0 points")


def test_a_limit_that_is_broken_by_little_is_told_with_its_digits():
    lost = drop(0.0204, 0.1, n=480)
    run = chosen_as(confirm_drop=lost)
    choice, limits = run.choices[0], run.request.constraints
    record = run.record(INTEL, choice.recipe_id)
    assert "loses 2.04 points on 480 held-out samples, limit 2.00 points: broken" in answer(
        run, INTEL
    )
    assert any(
        "loses 2.04 points on 480 held-out samples; 2.00 points are allowed" in one
        for one in reasons.reasons(run, choice, record)
    )
    told = page_answer.answer(run, choice).change("Accuracy")
    assert (told.told, told.limit) == ("loses 2.04 points", "allowed: 2.00 points")
    unsure = page_answer.answer(run, replace(choice, held="not told")).said
    assert unsure.startswith("It loses 2.04 points on 480 held-out samples, and 2.00 points are")
    assert limits.max_drop == 0.02


def test_a_near_miss_is_told_with_its_digits():
    run = sample_run()
    miss = run.choices[0].misses[0]
    record = run.record(INTEL, miss.recipe_id)
    near = replace(record, drop=drop(0.0204, 0.1))
    run = replace(run, records=tuple(near if r is record else r for r in run.records))
    assert reasons.missed(run, miss, INTEL) == (
        "loses 2.04 points on the choosing samples, 2.00 points are allowed"
    )


def test_what_was_passed_over_may_lose_more_than_is_allowed():
    said = words.passed_over(
        PassedOver(
            recipe_id="x", title="X", times=1.5, lost=0.004, bound=0.0104, allowed=0.01, n=500
        )
    )
    assert "loses 0.40 points on 500 samples" in said
    assert "lose up to 1.04 points with it, and 1.00 points are allowed" in said
