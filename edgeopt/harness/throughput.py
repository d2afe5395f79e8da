"""Several sessions of one artifact side by side, in slices that take turns with other cases."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

from edgeopt.domain.progress import Listener, silent
from edgeopt.harness.client import SHORT_S
from edgeopt.harness.replies import Streams
from edgeopt.harness.started import Setting, Trial, WarmUp, ending, in_rounds, start
from edgeopt.harness.subject import Subject

SLICES = 11  # the median of so many has an interval, and one wild slice does not move it
SLICE_S = 1.0
RUNS_AT_LEAST = 5  # of each stream in a slice: longer slices for what is slow


@dataclass
class ThroughputTrial(Trial[Streams]):
    """One artifact with so many streams; `turns` are its slices.

    Attributes:
        before: the slice that warmed up every stream; not counted.
    """

    streams: int = 1
    before: Streams | None = None


def measure_throughput(
    setting: Setting,
    subjects: Sequence[Subject],
    streams: Sequence[int],
    seed: int = 0,
    slice_s: float = SLICE_S,
    progress: Listener = silent,
) -> list[ThroughputTrial]:
    """Drive every subject with each number of streams, in interleaved slices.

    All cases are alive at once, each in a process of its own; one works at a time.
    """
    trials = [ThroughputTrial(subject, streams=n) for subject in subjects for n in streams]
    with contextlib.ExitStack() as stack:
        for trial in trials:
            progress(f"opening {trial.subject.title}, {trial.streams} streams")
            with ending(trial):
                trial.started = start(setting, trial.subject, stack)
                limit = setting.timeout_s * trial.streams  # the others are opened now
                trial.before = _slice(trial, WarmUp().seconds, limit)

        def turn(trial: ThroughputTrial, number: int) -> None:
            seconds = max(slice_s, RUNS_AT_LEAST * _typical_s(trial))
            trial.turns.append(_slice(trial, seconds, max(SHORT_S, 20 * seconds)))

        in_rounds(trials, SLICES, seed, turn, "throughput", progress)
    return trials


def _slice(trial: ThroughputTrial, seconds: float, limit_s: float) -> Streams:
    client = trial.process.client
    return client.request("streams", limit_s, streams=trial.streams, seconds=seconds)


def _typical_s(trial: ThroughputTrial) -> float:
    """Of one inference beside the others: the longest of any stream when it warmed up."""
    assert trial.before is not None
    return max(max(stream.t_ns) for stream in trial.before.streams) / 1e9
