"""Profiles of several artifacts, taken in turns so that a machine that slows down slows all."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from edgeopt.devices.device import Device
from edgeopt.domain.progress import Listener, silent
from edgeopt.domain.time_profile import OperatorTime, TimeProfile
from edgeopt.harness import inputs
from edgeopt.harness.answering import open_session
from edgeopt.harness.client import Client, RunnerFailed
from edgeopt.harness.feed import Inputs
from edgeopt.harness.replies import ProfileAccount
from edgeopt.harness.subject import Subject
from edgeopt.stats.middle import middle_half

ROUNDS = 3
#: Fresh processes that `profiles` takes.
LAUNCHES = 3


def profile(
    device: Device,
    subjects: Sequence[Subject],
    feed: Inputs,
    runs: Sequence[int],
    log: Path,
    timeout_s: float,
    progress: Listener = silent,
) -> list[TimeProfile]:
    """Profile every subject in `ROUNDS` turns.

    Args:
        feed: samples; the first `inputs.INPUTS` are the inputs, in turn.
        runs: profiled inferences in each turn, for each subject.
        timeout_s: for opening, and for each turn.

    Returns:
        A profile for each subject.

    Raises:
        RunnerFailed: a runtime has no profiler, refused, died or took too long.
    """
    by_subject = _turns(device, subjects, feed, runs, log, timeout_s, progress)
    return [summed(s.runtime, turns) for s, turns in zip(subjects, by_subject, strict=True)]


def profiles(
    device: Device,
    subjects: Sequence[Subject],
    feed: Inputs,
    runs: Sequence[int],
    log: Path,
    timeout_s: float,
) -> list[list[list[TimeProfile]]]:
    """As many turns in each of `LAUNCHES`: a profile for each, by subject, launch and turn.

    Raises:
        RunnerFailed: as `profile`.
    """
    launches = [_turns(device, subjects, feed, runs, log, timeout_s) for _ in range(LAUNCHES)]
    return [
        [[summed(subject.runtime, [turn]) for turn in launch[i]] for launch in launches]
        for i, subject in enumerate(subjects)
    ]


def _turns(
    device: Device,
    subjects: Sequence[Subject],
    feed: Inputs,
    runs: Sequence[int],
    log: Path,
    timeout_s: float,
    progress: Listener = silent,
) -> list[list[ProfileAccount]]:
    """`ROUNDS` turns of each subject in one launch."""
    turns: list[list[ProfileAccount]] = [[] for _ in subjects]
    total = ROUNDS * len(subjects)
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(Client(device, log)) for _ in subjects]
        for subject, client in zip(subjects, clients, strict=True):
            open_session(client, device, subject, timeout_s)
            inputs.give(device, client, feed, subject, timeout_s)
        for number in range(ROUNDS):
            order = list(range(len(subjects)))
            for position, i in enumerate(order if number % 2 == 0 else reversed(order)):
                done = number * len(subjects) + position
                progress(subjects[i].title, done, total)
                turns[i].append(_turn(clients[i], subjects[i], runs[i], timeout_s))
    return turns


def _turn(client: Client, subject: Subject, runs: int, timeout_s: float) -> ProfileAccount:
    try:
        return client.request("profile", timeout_s, runs=runs).profile
    except RunnerFailed as error:
        words = f"{subject.title}: {error.args[0]}"
        raise RunnerFailed(words, error.timed_out, error.hint, error.own) from error


def summed(runtime: str, turns: Sequence[ProfileAccount]) -> TimeProfile:
    """One profile out of the turns of one artifact.

    Raises:
        RunnerFailed: the turns name different operators.
    """
    names = [[(op.name, op.type) for op in turn.operators] for turn in turns]
    if any(other != names[0] for other in names):
        raise RunnerFailed(f"{runtime} ran other operators in one session than in the next")
    total = [t for turn in turns for t in turn.total_ns]
    plain = [t for turn in turns for t in turn.plain_ns]
    chosen = middle_half(total)
    operators = []
    for i, operator in enumerate(turns[0].operators):
        times = [t for turn in turns for t in turn.operators[i].t_ns]
        fields = msgspec.structs.asdict(operator)
        del fields["t_ns"]
        fields["layers"] = tuple(operator.layers)
        operators.append(OperatorTime(**fields, ns=max(0.0, _mean(times, chosen))))
    return TimeProfile(
        runtime=runtime,
        how=turns[0].how,
        operators=tuple(operators),
        total_ns=_mean(total, chosen),
        plain_ns=_mean(plain, middle_half(plain)),
        runs=len(total),
    )


def _mean(values: Sequence[float], positions: Sequence[int]) -> float:
    return sum(values[i] for i in positions) / len(positions)
