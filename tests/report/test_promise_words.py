"""What a choice says of other samples."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from edgeopt.domain.passed_over import PassedOver
from edgeopt.domain.run import Constraints
from edgeopt.domain.score import Drop
from edgeopt.report import format as fmt
from edgeopt.report import promise, words
from edgeopt.report.promise import Promise
from tests.report.sample import INTEL, sample_run

LIMITS = Constraints(max_drop=0.01)
HELD = Promise("held", likely=True, needed=None, constraints=LIMITS)
OPEN = Promise("not told", likely=True, needed=276, constraints=LIMITS)


def drop(value=0.008, low=0.001, high=0.046, n=120, **fields):
    return Drop(value=value, low=low, high=high, interval="", n=n, resolved=False, **fields)


def chosen(drop, **score):
    run = sample_run()
    record = next(r for r in run.records if r.target == INTEL and r.confirm_score)
    return run, replace(
        record, confirm_drop=drop, confirm_score=replace(record.confirm_score, **score)
    )


def said(promise, drop, rejected=(), **score):
    run, record = chosen(drop, **score)
    return words.why(record, run.records, run.choices[0].baseline_id, rejected, promise)


def test_what_the_samples_tell_is_kept():
    found = said(HELD, drop(0.001, -0.002, 0.004, 900))
    assert "the fastest that keeps the allowed drop of 1.0 points" in found
    assert "it loses 0.1 points (95 % CI −0.2 to 0.4 points) on 900 held-out samples." in found


@pytest.mark.parametrize("likely", [True, False])
@pytest.mark.parametrize("groups", [None, 2])
def test_what_they_do_not_tell_is_not_said_to_be_kept(likely, groups):
    found = said(replace_promise(OPEN, likely=likely), drop(), groups=groups)
    assert "keep" not in found
    assert "hold" not in found
    samples = "120 samples (2 groups)" if groups else "120 samples"
    noun = "groups" if groups else "samples"
    assert found.endswith(
        f"whether other samples lose more than 1.0 points is not told by {samples}; "
        f"it takes at least 276 {noun}."
    )


@pytest.mark.parametrize(("alike", "n"), [(1, 120), (5, 120), (12, 400)])
def test_of_groups_that_are_guessed_no_number_of_groups_is_asked(alike, n):
    found = said(OPEN, drop(n=n), alike=alike)
    groups = "1 group" if alike == 1 else f"{alike} groups"
    assert found.endswith(
        f"is not told by {n} samples that look like {groups}; "
        "it takes at least 276 samples that do not look alike."
    )


def replace_promise(promise, **fields):
    import dataclasses

    return dataclasses.replace(promise, **fields)


def test_samples_that_look_alike_are_counted_as_groups():
    assert "not told by 120 samples that look like 5 groups" in said(OPEN, drop(), alike=5)


def test_enough_samples_need_no_number():
    found = said(OPEN, drop(n=500))
    assert found.endswith("is not told by 500 samples.")


def test_a_gain_is_no_negative_loss():
    assert fmt.lost(drop(-0.003, -0.01, 0.004)) == ("gains 0.3 points (95 % CI −0.4 to 1.0 points)")
    assert fmt.lost(drop(0.1, 0.05, 0.15, relative=0.02)) == "loses 2.0 % (95 % CI 1.0 to 3.0 %)"


def test_a_tie_names_the_faster_one():
    run, record = chosen(drop())
    faster = next(r for r in run.records if r.recipe and r.recipe_id != record.recipe_id)
    tied = replace_promise(HELD, tied=faster)
    assert promise.tie(tied, record).startswith(f"as fast as {faster.recipe} within 2 %")
    alike = replace(record, alike=(str(faster.recipe_id),))
    said = f"its times are not told apart from those of {faster.title}"
    assert promise.tie(tied, alike).startswith(said)
    assert promise.tie(HELD, record) == ""


@pytest.mark.parametrize(
    ("threads", "lost", "why"),
    [
        (4, 0.0, ", and it takes fewer threads"),
        (1, 0.008, ", and it loses less"),
        (1, 0.001, ""),
    ],
)
def test_a_tie_gives_no_reason_that_is_not_so(threads, lost, why):
    _, record = chosen(drop())
    record = replace(record, recipe=replace(record.recipe, threads=1), drop=drop(0.001))
    faster = replace(
        record, recipe=replace(record.recipe, threads=threads), drop=drop(lost), recipe_id="faster"
    )
    found = promise.tie(replace_promise(HELD, tied=faster), record)
    assert found == f"as fast as {faster.title} within 2 %{why}"


def left(**fields):
    known = {"lost": 0.003, "bound": 0.011, "allowed": 0.01, "n": 1640, "more": 400}
    return PassedOver(recipe_id="a", title="litert int8", times=2.6, **(known | fields))


def test_what_was_passed_over_is_told_with_its_price():
    assert words.passed_over(left()) == (
        "litert int8 is 2.60 times as fast and loses 0.3 points on 1\u202f640 samples, but other "
        "samples may well lose up to 1.1 points with it, and 1.0 points are allowed. About 400 "
        "more samples would show whether it keeps that."
    )


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"lost": -0.003}, "and gains 0.3 points on"),
        ({"relative": True}, "up to 1.1 % with it, and 1.0 % are allowed"),
        ({"more": None}, "More samples would show it more exactly."),
        ({"groups": True}, "About 400 more samples, of other groups, would show"),
        (
            {"groups": True, "more": None, "needed": 93},
            "are allowed. It takes at least 93 groups to show whether it keeps that.",
        ),
        ({"more": None, "needed": 276}, "It takes at least 276 held-out samples to show"),
        (
            {"more": None, "needed": 276, "alike": True},
            "at least 276 held-out samples that do not look alike to show",
        ),
    ],
)
def test_what_was_passed_over_in_other_cases(fields, told):
    assert told in words.passed_over(left(**fields))


def test_how_many_more_samples_would_tell_of_the_choice():
    more = replace_promise(OPEN, needed=276, more=240)
    assert said(more, drop(n=500)).endswith(
        "is not told by 500 samples; about 240 more would, if they are like these."
    )
    assert "it takes at least 276 samples" in said(more, drop(n=120))
