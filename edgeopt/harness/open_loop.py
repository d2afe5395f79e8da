"""Frames at a rate of their own: an artifact is asked when a frame is due, ready or not."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

from edgeopt.domain.progress import Listener, silent
from edgeopt.harness.client import SHORT_S
from edgeopt.harness.replies import Paced
from edgeopt.harness.started import Setting, Trial, ending, in_rounds, start
from edgeopt.harness.subject import Subject

SEGMENTS = 3  # interleaved with the other artifacts; the queue is empty at the start of each
FRAMES = 662  # in all segments: the least that has a p99 (stats.early_stopping)
SECONDS = 10.0  # or so long, whichever is more
SEGMENT_MOST_S = 40.0  # and no longer than this


@dataclass
class OpenLoopTrial(Trial[Paced]):
    """One artifact at one rate; `turns` are its segments."""

    period_ns: int = 0


def measure_open_loop(
    setting: Setting,
    subjects: Sequence[Subject],
    fps: float,
    seed: int = 0,
    frames: int = FRAMES,
    seconds: float = SECONDS,
    progress: Listener = silent,
) -> list[OpenLoopTrial]:
    """Give every subject frames at `fps`, in interleaved segments.

    Args:
        frames, seconds: of all segments together; the larger of the two.
    """
    period_ns = max(1, round(1e9 / fps))
    trials = [OpenLoopTrial(subject, period_ns=period_ns) for subject in subjects]
    with contextlib.ExitStack() as stack:
        for trial in trials:
            progress(f"opening {trial.subject.title}")
            with ending(trial):
                trial.started = start(setting, trial.subject, stack)

        def turn(trial: OpenLoopTrial, number: int) -> None:
            slowest_ns = max(period_ns, trial.process.typical_ns)
            requested = math.ceil(max(frames, seconds * fps) / SEGMENTS)
            count = max(1, min(requested, int(SEGMENT_MOST_S * 1e9 / slowest_ns)))
            limit = SHORT_S + 5 * count * slowest_ns / 1e9
            client = trial.process.client
            trial.turns.append(client.request("paced", limit, period_ns=period_ns, count=count))

        in_rounds(trials, SEGMENTS, seed, turn, f"{fps:g} frames a second", progress)
    return trials
