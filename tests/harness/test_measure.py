"""The schedule, on a scripted clock: what is counted, in which order, and what cannot move it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from edgeopt.domain.errors import Untrusted
from edgeopt.harness.budget import QUICK, SCREEN, SETTLING, Budget
from edgeopt.harness.client import RunnerFailed
from edgeopt.harness.figures import latency
from edgeopt.harness.inputs import INPUTS
from edgeopt.harness.interleaved import measure
from edgeopt.harness.verdicts import compare
from tests.harness.standin import Script

SMALL = replace(SCREEN, looks=(1,), rounds=6, rounds_alone=0)
TWICE = replace(SMALL, looks=(2,), rounds=4)
FINAL = replace(QUICK, looks=(3,), warmup_s=0.05)


@pytest.fixture
def timed(device, log):
    """Measures scripts: timed({"a": Script(...)}) -> Session."""

    def run(scripts: dict[str, Script | str], budget: Budget = SMALL, seed: int = 0, **options):
        made = {
            key: Script(duration_ns=script) if isinstance(script, str) else script
            for key, script in scripts.items()
        }
        subjects = [device.subject(key, script) for key, script in made.items()]
        options = {"timeout_s": 20, **options}
        return measure(device, subjects, device.feed(), budget, log, seed=seed, **options)

    return run


def order(session) -> list[list[str]]:
    """Who ran, by launch and in the order of the clock."""
    count = max(len(timed.launches) for timed in session.timed.values())
    launches = []
    for number in range(count):
        blocks = [
            (block.start_ns, key)
            for key, timed in session.timed.items()
            for block in timed.launches[number].blocks
        ]
        launches.append([key for _, key in sorted(blocks)])
    return launches


# --- the schedule


@pytest.mark.slow
def test_every_subject_gets_its_blocks(timed, device):
    session = timed({"a": "1e6", "b": "2e6", "c": "3e6"}, TWICE, seed=5)
    assert (session.budget, session.seed, session.looks) == (TWICE, 5, 1)
    assert session.machine.cpu_model == "scripted"
    assert len(session.canary) == 2 * (TWICE.rounds + 1)
    for key, ms in (("a", 1), ("b", 2), ("c", 3)):
        found = session.timed[key]
        assert (found.failed, found.timed_out) == ("", False)
        assert [len(launch.blocks) for launch in found.launches] == [TWICE.rounds] * 2
        assert set(found.steady_ns) == {ms * 1_000_000}
        size = TWICE.block_size(ms * 1e6)
        assert {len(b.t_ns) for launch in found.launches for b in launch.blocks} == {size}
        assert [b.round for b in found.launches[0].blocks] == list(range(TWICE.rounds))
        assert found.launches[0].opened.version == "scripted 1.0"
    assert json.loads(json.dumps(session.raw()))["v"] == 2


def test_every_launch_has_processes_of_its_own_and_none_is_left(timed, device):
    timed({"a": "1e6", "b": "1e6"}, TWICE)
    assert len(device.runners) == 1 + 2 * 2  # the canary lives on
    assert device.alive == []


def test_rounds_are_interleaved_and_differ(timed):
    session = timed({"a": "1e6", "b": "1e6", "c": "1e6"}, replace(SMALL, rounds=12))
    (ran,) = order(session)
    rounds = [tuple(ran[i : i + 3]) for i in range(0, len(ran), 3)]
    assert all(sorted(one) == ["a", "b", "c"] for one in rounds)
    assert len(set(rounds)) > 2
    assert len({one[0] for one in rounds}) == 3
    for key, found in session.timed.items():
        positions = [block.position for block in found.launches[0].blocks]
        assert positions == [one.index(key) for one in rounds]


@pytest.mark.slow
def test_launches_differ_and_the_seed_decides(timed):
    def ran(name, seed):
        session = timed({f"{key} {name}": "1e6" for key in "abc"}, TWICE, seed)
        return [[key[0] for key in launch] for launch in order(session)]

    first = ran("first", 1)
    assert first[0] != first[1]
    assert ran("again", 1) == first
    assert ran("other", 2) != first


def test_progress_is_told_from_the_start_to_the_end(timed):
    told = []
    timed({"a": "1e6"}, TWICE, progress=lambda *step: told.append(step))
    done = [step[1] for step in told]
    assert done == sorted(done)
    assert {step[2] for step in told} == {2 * (TWICE.rounds + 1)}
    assert told[0] == ("launch 1: starting", 0, 10)
    assert told[-1] == ("launch 2, round 4 of 4", 10, 10)


def test_the_first_inputs_are_used_and_no_more(timed, device, log):
    feed = device.feed(3)
    session = measure(device, [device.subject("a")], feed, SMALL, log, 20)
    assert session.timed["a"].steady_ns
    assert len(feed) < INPUTS


@pytest.mark.parametrize(
    ("ms", "runs"),
    [(0.001, 1000), (0.02, 500), (1, 10), (1.5, 7), (10, 6), (50, 4), (150, 1), (5000, 1)],
)
def test_the_size_of_a_block(ms, runs):
    assert SCREEN.block_size(ms * 1e6) == SETTLING + runs


def test_a_block_is_sized_by_what_its_runs_cost_and_not_by_most_of_them(timed):
    """Threads that wait for each other by spinning: 7 us, and 4 ms where a core is taken."""
    budget = replace(SMALL, rounds=6, block_s=0.01, warmup_s=0.05)
    spins, steady = "7e3 if i % 4 else 4e6", "7e3"
    session = timed({"spins": spins, "steady": steady}, budget)
    blocks = {key: one.launches[0].blocks for key, one in session.timed.items()}
    assert {len(block.t_ns) for block in blocks["steady"]} == {1000 + SETTLING}
    assert max(sum(block.t_ns) for block in blocks["spins"][1:]) < 5 * budget.block_s * 1e9
    assert min(len(block.t_ns) for block in blocks["spins"]) >= budget.block_runs + SETTLING


def test_a_block_learns_what_the_warm_up_did_not_show(timed):
    late = "7e3 if i < 1200 or i % 4 else 4e6"
    budget = replace(SMALL, rounds=6, block_s=0.01, warmup_s=0.05)
    blocks = timed({"late": late}, budget).timed["late"].launches[0].blocks
    sizes = [len(block.t_ns) for block in blocks]
    assert sizes[0] == 1000 + SETTLING
    assert sizes[-1] < 50


@pytest.mark.parametrize("at", [3, 12])
def test_one_run_that_was_paused_makes_no_later_block_smaller(timed, at):
    """In the warm-up or in a block, of what takes 20 ms."""
    blocks = timed({"a": f"2e7 if i != {at} else 1e9"}, SMALL).timed["a"].launches[0].blocks
    assert {len(block.t_ns) for block in blocks} == {SMALL.block_runs + SETTLING}


def test_a_pause_in_the_warm_up_takes_no_second_of_what_was_asked(timed):
    budget = replace(SMALL, warmup_s=0.2, least_runs=8, least_s=3.0)
    steady = timed({"a": "2e7 if i != 8 else 1e9"}, budget).timed["a"].steady_ns
    assert sum(steady) >= budget.least_s * 1e9


# --- what is counted


def test_the_cost_of_the_first_run_is_never_in_the_steady_state(timed):
    session = timed({"a": "1e6 if i else 900e6"}, TWICE)
    found = session.timed["a"]
    assert [launch.first_ns for launch in found.launches] == [900_000_000] * 2
    assert set(found.steady_ns) == {1_000_000}
    assert all(set(launch.warmup_ns) == {1_000_000} for launch in found.launches)
    assert latency(found, TWICE).p50 == 1.0


def test_warming_up_takes_the_runs_and_the_time(timed):
    session = timed({"slow": "300e6", "fast": "1e6", "improves": "max(1e6, 80e6 - 1e6 * i)"})
    warmups = {key: t.launches[0].warmup_ns for key, t in session.timed.items()}
    assert len(warmups["slow"]) == SMALL.warmup_runs
    assert len(warmups["fast"]) == SMALL.warmup_s * 1000
    assert SMALL.warmup_runs < sum(t < 80e6 for t in warmups["improves"]) + 2 < 20


def test_the_first_runs_of_a_block_are_kept_but_not_counted(timed):
    session = timed({"a": f"40e6 if k < {SETTLING} else 1e6"}, SMALL)
    found = session.timed["a"]
    blocks = found.launches[0].blocks
    assert all(set(block.t_ns[:SETTLING]) == {40_000_000} for block in blocks)
    assert set(found.steady_ns) == {1_000_000}
    assert len(found.steady_ns) == sum(len(block.t_ns) - SETTLING for block in blocks)


def test_a_slow_way_to_the_device_does_not_change_the_numbers(timed):
    durations = "1e6 + 1000 * (i % 7)"
    near, far = Script(durations), Script(durations, delay_s=0.02)
    session = timed({"near": near, "far": far}, replace(SMALL, rounds=4))
    assert session.timed["near"].steady_ns == session.timed["far"].steady_ns
    assert session.timed["near"].launches[0].opened == session.timed["far"].launches[0].opened


# --- what cannot move a verdict

NOISE = "1e6 * rng.lognormvariate(0, 0.03)"
MACHINES = {
    "quiet": "1",
    "slower all along": "(1 + t / 10e9)",
    "throttled half way": "(1 if t < 1e9 else 1.7)",
    "throttled for a while": "(1.5 if 0.8e9 < t < 1.4e9 else 1)",
    "waves": "(1 + 0.3 * math.sin(t / 3e8))",
    "hit now and then": "(30 if rng.random() < 0.02 else 1)",
    "launches differ": "(1 + 0.05 * launch)",
}


@pytest.mark.slow
@pytest.mark.parametrize("machine", MACHINES.values(), ids=MACHINES)
def test_what_happens_to_the_machine_moves_no_verdict(timed, machine):
    scripts = {
        "base": f"{NOISE} * {machine}",
        "same": f"{NOISE} * {machine}",
        "faster": f"{NOISE} * {machine} / 1.10",
        "slower": f"{NOISE} * {machine} * 1.10",
    }
    session = timed(scripts, FINAL, seed=3)
    words = {key: compare(session, key, "base") for key in scripts if key != "base"}
    assert words["same"].word in ("EQUIVALENT", "INCONCLUSIVE")
    assert words["same"].ratio == pytest.approx(1.0, abs=0.03)
    assert (words["faster"].word, words["slower"].word) == ("FASTER", "SLOWER")
    assert words["faster"].ratio == pytest.approx(1.10, abs=0.03)
    effort = (words["faster"].pairs, words["faster"].launches)
    assert effort == (FINAL.rounds * 3, 3)


@pytest.mark.slow
def test_one_after_the_other_would_have_been_moved(timed):
    """What the interleaving is for: the same drift, each subject measured alone."""
    drift = "1e6 * (1 + t / 10e9)"
    first = timed({"first": drift}, FINAL)
    then = timed({"then": drift}, FINAL)
    medians = [
        latency(session.timed[key], FINAL).p50
        for session, key in ((first, "first"), (then, "then"))
    ]
    assert medians[1] / medians[0] > 1.10


# --- what fails is taken out; the others go on


def test_a_runner_that_dies_in_a_block_keeps_the_blocks_before(timed):
    dying = Script(trouble="crash", at="block", number=3)
    session = timed({"a": "1e6", "dying": dying, "b": "2e6"})
    assert session.timed["dying"].failed == "in `block` the process crashed (SIGSEGV)"
    assert not session.timed["dying"].timed_out
    assert [block.round for block in session.timed["dying"].launches[0].blocks] == [0, 1]
    for key in "ab":
        assert session.timed[key].failed == ""
        assert len(session.timed[key].launches[0].blocks) == SMALL.rounds
    assert compare(session, "a", "dying").pairs == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("trouble", "at", "reason"),
    [
        ("error", "open", "ValueError: scripted:"),
        ("exit", "open", "in `open` the process ended with exit code 7"),
        ("error", "warmup", "ValueError: scripted:"),
        ("crash", "warmup", "in `warmup` the process crashed (SIGSEGV)"),
        ("half a line, then exit", "block", "in `block` the process ended with exit code 0"),
    ],
)
def test_every_step_can_fail(timed, device, trouble, at, reason):
    session = timed({"a": "1e6", "bad": Script(trouble=trouble, at=at)}, replace(SMALL, rounds=2))
    assert session.timed["bad"].failed.startswith(reason)
    assert session.timed["bad"].steady_ns == []
    assert compare(session, "a", "bad") is None
    assert len(session.timed["a"].launches[0].blocks) == 2


@pytest.mark.parametrize(("trouble", "at"), [("words", "open"), ("a list", "block")])
def test_a_device_that_lies_ends_the_schedule(timed, device, trouble, at):
    """No subject is marked for it: nothing that such a device says is taken."""
    with pytest.raises(Untrusted, match=f"^stand-in answered `{at}` by something else"):
        timed({"a": "1e6", "bad": Script(trouble=trouble, at=at)}, replace(SMALL, rounds=2))
    assert device.lost.startswith("stand-in answered")


@pytest.mark.parametrize(("trouble", "at"), [("words", "open"), ("a list", "block")])
def test_on_this_machine_what_is_no_answer_ends_its_subject_as_edgeopts_own_fault(
    timed, device, monkeypatch, trouble, at
):
    monkeypatch.setattr(device, "link", "local")
    session = timed({"a": "1e6", "bad": Script(trouble=trouble, at=at)}, replace(SMALL, rounds=2))
    assert session.timed["bad"].failed.startswith("edgeopt itself failed: stand-in answered")
    assert not session.timed["a"].failed
    assert device.lost == ""


@pytest.mark.slow
@pytest.mark.parametrize("at", ["open", "warmup", "block"])
def test_a_runner_that_does_not_answer_is_taken_out_at_the_limit(timed, at):
    silent = Script(trouble="silence", at=at)
    session = timed({"a": "1e6", "silent": silent}, replace(SMALL, rounds=2), timeout_s=1.0)
    assert session.timed["silent"].timed_out
    assert "took longer than its limit" in session.timed["silent"].failed
    assert len(session.timed["a"].launches[0].blocks) == 2


def test_what_failed_once_is_not_launched_again(timed, device):
    session = timed({"a": "1e6", "dying": Script(trouble="exit", number=2, launch=0)}, TWICE)
    assert len(session.timed["dying"].launches) == 1
    assert len(session.timed["a"].launches) == 2
    assert len(device.runners) == 1 + 2 + 1


def test_a_failure_in_a_later_launch_keeps_the_earlier_ones(timed):
    late = Script(trouble="exit", number=2, launch=1)
    session = timed({"a": "1e6", "late": late}, TWICE)
    assert session.timed["late"].failed
    assert [len(launch.blocks) for launch in session.timed["late"].launches] == [TWICE.rounds, 1]
    assert compare(session, "a", "late").pairs == TWICE.rounds + 1


def test_when_all_fail_the_session_says_why(timed):
    session = timed({"a": Script(trouble="exit", at="open"), "b": Script(trouble="error")}, TWICE)
    assert all(found.failed for found in session.timed.values())


def test_a_device_that_runs_no_runner_is_told_at_once(device, log):
    device._clock = log.parent / "no" / "clock"
    scripted = device.subject("a")
    with pytest.raises(RunnerFailed, match="in `hello` the process ended with exit code 1"):
        measure(device, [scripted], device.feed(), SMALL, log, 20)


def test_the_canary_may_die(timed, device):
    def kill(what, done, total):
        if done == 3:
            device.runners[0].kill()

    session = timed({"a": "1e6", "b": "1e6"}, SMALL, progress=kill)
    assert len(session.canary) == 2
    assert all(len(found.launches[0].blocks) == SMALL.rounds for found in session.timed.values())
