"""A schedule looks at its figures, stops when they are clear, and knows its own noise."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgeopt.harness.budget import QUICK, SETTLING, SUBMISSION
from edgeopt.harness.interleaved import measure
from edgeopt.harness.verdicts import compare, noise, settled, unbeaten
from tests.harness.standin import Script

LOOKS = replace(QUICK, looks=(2, 3, 4), rounds=8, warmup_s=0.02)
NOISY = "1e6 * rng.lognormvariate(0, {sd})"


@pytest.fixture
def looked(device, log):
    """Measures scripts until the verdicts against "base" are clear."""

    def run(scripts: dict[str, str], budget=LOOKS, contested=("other",)):
        subjects = [device.subject(key, Script(script)) for key, script in scripts.items()]
        return measure(
            device, subjects, device.feed(), budget, log, 20, 1,
            baseline="base", settled=lambda session: settled(session, contested),
        )  # fmt: skip

    return run


@pytest.mark.slow
def test_it_stops_at_the_first_look_that_is_clear(looked):
    session = looked({"base": "1e6", "other": "2e6"})
    assert session.looks == 1
    assert [len(timed.launches) for timed in session.timed.values()] == [2, 2, 2]


@pytest.mark.slow
def test_it_goes_on_while_nothing_is_clear_and_ends_at_the_limit(looked):
    session = looked({"base": NOISY.format(sd=0.5), "other": NOISY.format(sd=0.5)})
    assert session.looks == 3
    assert {len(timed.launches) for timed in session.timed.values()} == {4}


@pytest.mark.slow
def test_only_what_is_contested_keeps_it_going(looked):
    scripts = {"base": "1e6", "other": "2e6", "third": NOISY.format(sd=0.5)}
    assert looked(scripts).looks == 1


@pytest.mark.slow
def test_what_is_clearly_slower_than_the_first_of_them_decides_nothing(looked):
    noisy = NOISY.format(sd=0.1)
    scripts = {"base": noisy, "fast": "0.4e6", "slow": noisy}
    session = looked(scripts, contested=("fast", "slow"))
    assert session.looks == 3  # what is as fast as the baseline is not told from it
    assert unbeaten(session, ("fast", "slow")) == ["fast"]
    assert not settled(session, ("fast", "slow"))
    assert settled(session, unbeaten(session, ("fast", "slow")))
    assert unbeaten(session, ("slow",)) == ["slow"]


def test_what_failed_keeps_nothing_going(device, log):
    subjects = [device.subject("base"), device.subject("other", Script(trouble="exit", at="open"))]
    session = measure(
        device, subjects, device.feed(), LOOKS, log, 20,
        baseline="base", settled=lambda session: settled(session, ("other",)),
    )  # fmt: skip
    assert session.looks == 1


@pytest.mark.slow
def test_every_interval_is_corrected_for_looks_and_comparisons(looked):
    scripts = {"base": NOISY.format(sd=0.05), "other": NOISY.format(sd=0.05)}
    three = looked(scripts, replace(LOOKS, looks=(2, 3, 4)), contested=())
    one = replace(three, budget=replace(LOOKS, looks=(2,)))
    wide, narrow = compare(three, "other", "base"), compare(one, "other", "base")
    assert (wide.ratio, wide.pairs) == (narrow.ratio, narrow.pairs)
    assert wide.low <= narrow.low < narrow.high <= wide.high
    assert wide.high - wide.low > narrow.high - narrow.low


@pytest.mark.slow
def test_the_baseline_runs_as_its_own_twin(looked):
    session = looked({"base": "1e6", "other": "2e6"})
    assert session.twin == "base again"
    assert session.timed["base again"].title == "base, again"
    assert noise(session) == 0.0


@pytest.mark.slow
def test_a_lone_artifact_has_no_twin(device, log):
    session = measure(
        device, [device.subject("base")], device.feed(), LOOKS, log, 20, baseline="base"
    )
    assert session.twin is None
    assert noise(session) is None
    assert list(session.timed) == ["base"]


@pytest.mark.slow
def test_processes_that_differ_are_noise_and_no_difference(looked):
    """Each process has luck of its own, up to 10 %, and the two are the same otherwise."""
    luck = "1e6 * (1 + 0.1 * random.Random(f'{name} {{launch}}').random())"
    scripts = {"base": luck.format(name="base"), "other": luck.format(name="other")}
    session = looked(scripts, replace(LOOKS, looks=(4,)))
    assert noise(session) > 0.02
    found = compare(session, "other", "base")
    assert found.noise == noise(session)
    assert found.word == "INCONCLUSIVE"


def test_a_submission_has_its_runs_and_its_seconds():
    for ms in (0.1, 1, 10, 100, 400):
        rounds = SUBMISSION.rounds_for([ms * 1e6])
        runs = SUBMISSION.looks[0] * rounds * (SUBMISSION.block_size(ms * 1e6) - SETTLING)
        assert runs >= 1024
        assert runs * ms / 1e3 >= 60
    assert SUBMISSION.rounds_for([1e6, 100e6]) == max(
        SUBMISSION.rounds_for([1e6]), SUBMISSION.rounds_for([100e6])
    )
