"""Several sessions of one artifact side by side, in slices that take turns with other cases."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from edgeopt.domain.progress import Listener, silent
from edgeopt.harness.client import SHORT_S, Client
from edgeopt.harness.started import WARMUP_S, Setting, Trial, in_rounds, kept, start
from edgeopt.harness.subject import Subject

SLICES = 11  # the median of so many has an interval, and one wild slice does not move it
SLICE_S = 1.0
RUNS_AT_LEAST = 5  # of each stream in a slice: longer slices for what is slow


@dataclass
class Crowd(Trial):
    """One artifact with so many streams; `turns` are its slices.

    Attributes:
        before: the slice that warmed up every stream; not counted.
    """

    streams: int = 1
    before: dict[str, Any] = field(default_factory=dict)


def throughput(
    setting: Setting,
    subjects: Sequence[Subject],
    streams: Sequence[int],
    seed: int = 0,
    slice_s: float = SLICE_S,
    progress: Listener = silent,
) -> list[Crowd]:
    """Drive every subject with each number of streams, in interleaved slices.

    All cases are alive at once, each in a process of its own; one works at a time.
    """
    crowds = [Crowd(subject, streams=count) for subject in subjects for count in streams]
    clients: dict[int, Client] = {}
    with contextlib.ExitStack() as stack:
        for crowd in crowds:
            progress(f"opening {crowd.subject.title}, {crowd.streams} streams")
            with kept(crowd):
                clients[id(crowd)] = start(setting, crowd, stack)
                limit = setting.timeout_s * crowd.streams  # the others are opened now
                crowd.before = _slice(crowd, clients[id(crowd)], WARMUP_S, limit)

        def turn(crowd: Trial, number: int) -> None:
            assert isinstance(crowd, Crowd)
            seconds = max(slice_s, RUNS_AT_LEAST * _typical_s(crowd))
            limit = max(SHORT_S, 20 * seconds)
            crowd.turns.append(_slice(crowd, clients[id(crowd)], seconds, limit))

        in_rounds(crowds, SLICES, seed, turn, "throughput", progress)
    return crowds


def _slice(crowd: Crowd, client: Client, seconds: float, limit_s: float) -> dict[str, Any]:
    return client.request("streams", limit_s, streams=crowd.streams, seconds=seconds)


def _typical_s(crowd: Crowd) -> float:
    """Of one inference beside the others: the longest of any stream when it warmed up."""
    return max(max(stream["t_ns"]) for stream in crowd.before["streams"]) / 1e9
