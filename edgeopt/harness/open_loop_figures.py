"""Latency from the moment a frame was due: figures of segments, nothing else.

Counting from the moment a run began would leave out the waiting of every frame behind a slow one
("coordinated omission", G. Tene, How NOT to Measure Latency, 2013).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeopt.domain.open_loop import OpenLoop
from edgeopt.harness.open_loop import OpenLoopTrial
from edgeopt.harness.replies import Paced
from edgeopt.stats.early_stopping import required, tail
from edgeopt.stats.quantile import median


def figures(trial: OpenLoopTrial) -> OpenLoop:
    """The row of one artifact."""
    segments = [] if trial.failed else trial.turns
    period = trial.period_ns
    n = sum(len(segment.t_ns) for segment in segments)
    row: dict[str, Any] = dict.fromkeys(
        ("fps_achieved", "p50_ms", "p90_ms", "p99_ms", "service_p50_ms", "late_share",
         "queue_growth_fps", "queue_frames", "busy_p50_ms")
    )  # fmt: skip
    if n:
        late = np.concatenate([latencies(segment, period) for segment in segments]) / 1e6
        row = {
            "fps_achieved": n / sum(_span_s(segment, period) for segment in segments),
            "p50_ms": median(late),
            "p90_ms": tail(late, 0.9),
            "p99_ms": tail(late, 0.99),
            "service_p50_ms": median([t / 1e6 for s in segments for t in s.t_ns]),
            "late_share": float(np.mean(late > period / 1e6)),
            "queue_growth_fps": median([growth_fps(segment, period) for segment in segments]),
            "queue_frames": max(_waiting(segment, period) for segment in segments),
            "busy_p50_ms": trial.process.typical_ns / 1e6,
        }
    few = {f"p{p}_ms": f"below {required(p / 100, 1)} frames" for p in (90, 99)}
    why = {k: trial.failed or few.get(k, "") for k, value in row.items() if value is None}
    return OpenLoop(**trial.case, fps_asked=1e9 / period, n=n, why_null=why, **row)


def latencies(segment: Paced, period_ns: int) -> NDArray[np.float64]:
    """[frames] ns from the moment each frame was due to its answer."""
    return _lateness(segment, period_ns) + np.asarray(segment.t_ns, dtype=np.float64)


def growth_fps(segment: Paced, period_ns: int) -> float:
    """Frames a second by which the queue grew: how much later, in periods, frames began in the
    last third than in the first. 0 where frames began no later, or for fewer than three."""
    late = _lateness(segment, period_ns)
    third = len(late) // 3
    if third == 0:
        return 0.0
    periods = (np.median(late[-third:]) - np.median(late[:third])) / period_ns
    between_s = (len(late) - third) * period_ns / 1e9
    # Time runs by what was done, not by what was due, once frames wait.
    done_s = between_s + max(0.0, periods) * period_ns / 1e9
    return max(0.0, float(periods / done_s))


def _lateness(segment: Paced, period_ns: int) -> NDArray[np.float64]:
    """[frames] ns from the moment each frame was due to the moment its run began."""
    begun = np.asarray(segment.begun_ns, dtype=np.float64)
    return begun - np.arange(len(begun)) * float(period_ns)


def _waiting(segment: Paced, period_ns: int) -> int:
    """Frames that are due when the last one begins, if frames went on coming."""
    return int(_lateness(segment, period_ns)[-1] // period_ns)


def _span_s(segment: Paced, period_ns: int) -> float:
    """From the first frame to the end: of the last period, or of the last answer if later."""
    count = len(segment.t_ns)
    return max(count * period_ns, segment.begun_ns[-1] + segment.t_ns[-1]) / 1e9
