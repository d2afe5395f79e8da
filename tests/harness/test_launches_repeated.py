"""Decisions on a scripted clock whose processes have luck of their own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgeopt.harness.budget import CLOSER, SCREEN, STEP
from edgeopt.harness.interleaved import measure
from edgeopt.harness.verdicts import compare, decided, fastest, led
from edgeopt.pipeline.races import over, raced
from tests.harness.standin import Script

STEP = replace(STEP, rounds=3, warmup_s=0.0, block_s=0.0)
CLOSER = replace(CLOSER, rounds=3, warmup_s=0.0, block_s=0.0)

#: 4.5 or 5.5 us by the chance of a launch, and rounds that hardly vary.
LUCK = "(4500 if random.Random(f'{name} {{launch}}').random() < 0.5 else 5500) * {factor}"


@pytest.fixture
def timed(device, log):
    """Measures scripts until `stop` says so: timed({"a": "1e6"}, budget, stop)."""

    def run(scripts, budget, stop=lambda session: False):
        subjects = [device.subject(key, Script(script)) for key, script in scripts.items()]
        return measure(device, subjects, device.feed(), budget, log, 20, 3, settled=stop)

    return run


def lucky(name, factor=1.0):
    return LUCK.format(name=name, factor=factor)


def launches(session):
    return {len(one.launches) for one in session.timed.values()}


@pytest.mark.slow
def test_a_step_that_is_the_same_is_not_faster_by_luck(timed):
    scripts = {name: lucky(name) for name in ("before", "after")}
    session = timed(scripts, STEP, lambda s: over(s, [(("after",), ("before",))]))
    assert compare(session, "after", "before").word in ("INCONCLUSIVE", "EQUIVALENT")
    assert launches(session) == {16}


@pytest.mark.slow
def test_a_step_that_is_twice_as_fast_is_found_at_the_first_look(timed):
    scripts = {"before": lucky("before"), "after": lucky("after", 0.4)}
    session = timed(scripts, STEP, lambda s: decided(s, {"after": "before"}))
    assert compare(session, "after", "before").word == "FASTER"
    assert launches(session) == {4}


def test_what_cannot_be_faster_any_more_ends_it(timed):
    scripts = {"before": "1e6", "after": "1.01e6"}  # not told from equal, but never 2 % faster
    session = timed(scripts, CLOSER, lambda s: decided(s, {"after": "before"}))
    assert launches(session) == {3}
    assert compare(session, "after", "before").high <= 1.02


@pytest.mark.slow
@pytest.mark.parametrize(("factor", "most"), [(1.0, 3), (0.95, 3), (0.75, 6)])
def test_settings_are_given_up_where_more_launches_would_not_tell(timed, factor, most):
    """Of 5 us six launches tell a quarter, and never a twentieth."""
    scripts = {"parent": lucky("parent"), "variant": lucky("variant", factor)}
    session = timed(scripts, CLOSER, lambda s: decided(s, {"variant": "parent"}, give_up=True))
    assert launches(session) == {most}


@pytest.mark.slow
def test_what_failed_is_decided(device, log):
    broken = Script("1e6", trouble="exit", at="open")
    subjects = [device.subject("a"), device.subject("b", broken)]
    session = measure(
        device, subjects, device.feed(), CLOSER, log, 20,
        settled=lambda s: decided(s, {"b": "a"}),
    )  # fmt: skip
    assert session.looks == 1
    assert fastest(session, ("a", "b")) == "a"
    assert fastest(session, ("b",)) is None
    assert raced(session, ("b",), ("a",)) is None


@pytest.mark.slow
def test_forms_meet_with_the_threads_that_suit_each(timed):
    scripts = {"old 1": "3e6", "old 2": "2e6", "new 1": "1e6", "new 2": "4e6"}
    session = timed(scripts, replace(CLOSER, looks=(3,)))
    found = raced(session, ("new 2", "new 1"), ("old 1", "old 2"))
    assert (found.own, found.over, found.verdict.word) == ("new 1", "old 2", "FASTER")
    assert found.verdict.ratio == pytest.approx(2.0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scripts", "expected"),
    [
        ({"a": "5e3", "b": "1e6"}, [11, 4, 4]),  # what takes 5 us starts anew
        ({"a": "1e6", "b": "2e6"}, [11]),
    ],
)
def test_a_screen_repeats_launches_where_they_differ(timed, scripts, expected):
    session = timed(scripts, replace(SCREEN, warmup_s=0.0, block_s=0.0))
    assert session.looks == 1
    for one in session.timed.values():
        assert [len(launch.blocks) for launch in one.launches] == expected


def test_a_screen_that_is_launched_once_tells_its_progress_to_the_end(device, log):
    told = []
    subjects = [device.subject(key) for key in "ab"]
    measure(
        device, subjects, device.feed(), replace(SCREEN, warmup_s=0.0), log, 20,
        progress=lambda what, done, total: told.append((done, total)),
    )  # fmt: skip
    assert told[-1] == (12, 12)


@pytest.mark.slow
def test_rivals_are_told_apart_and_not_from_the_baseline_alone(timed):
    scripts = {"base": "9e8", "a": lucky("a", 100), "b": lucky("b", 97), "far": lucky("far", 300)}
    session = timed(scripts, CLOSER, lambda s: led(s, ("a", "b", "far")))
    assert launches(session) == {6}  # each is clear against the base at once
    assert led(session, ())


@pytest.mark.slow
def test_rivals_that_are_told_apart_end_it(timed):
    scripts = {"base": "9e6", "a": "1e6", "b": "2e6"}
    assert launches(timed(scripts, CLOSER, lambda s: led(s, ("a", "b")))) == {3}


def test_rivals_that_no_launches_would_tell_apart_end_it(timed):
    """Of 2 us six launches that agree tell a half, and never a twentieth; of 1 ms they do."""
    scripts = {"base": "9e6", "a": "2.0e3", "b": "1.95e3"}
    assert launches(timed(scripts, CLOSER, lambda s: led(s, ("a", "b")))) == {3}


def test_rivals_that_agree_now_are_asked_on_where_launches_may_tell(timed):
    scripts = {"base": "9e6", "a": "1.00e6", "b": "0.995e6 * (1 + 0.02 * (launch % 2))"}
    session = timed(scripts, CLOSER, lambda s: led(s, ("a", "b")))
    assert launches(session) == {6}
