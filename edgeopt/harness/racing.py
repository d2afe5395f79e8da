"""Who goes on as before: what is clearly slower need not be timed for as long, or started again.

A net of a few microseconds needs several launches to be told from another (decision 32). That is
for those that are near each other: what is far behind in blocks that were interleaved with the
leader's is behind in every launch. Of what takes milliseconds one launch tells, and most of its
time would go into what is slowest.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Collection

from edgeopt.harness.timed import Measurement
from edgeopt.harness.verdicts import fastest, pairs, typical_ns
from edgeopt.stats import launches, ratio

#: Standard deviations by which luck at a start may explain a distance.
SURE = 3.0


def left_behind(measurement: Measurement, pace: Collection[str]) -> set[str]:
    """Keys of what is slower than `Budget.leave_at` times the fastest of `pace`, whatever the luck.

    The baseline, its twin and the leader stay. Empty where the budget lets nothing leave, or
    where none of `pace` was measured.
    """
    if not measurement.budget.leave_at:
        return set()
    leader = fastest(measurement, [key for key in pace if key in measurement.timed])
    if leader is None:
        return set()
    stay = {leader, measurement.baseline, measurement.twin}
    return {
        key for key in measurement.timed if key not in stay and _is_behind(measurement, key, leader)
    }


def _is_behind(measurement: Measurement, key: str, leader: str) -> bool:
    own, first = pairs(measurement, key, leader)
    if not own:
        return False
    log_ratios = [ratio.log_ratios(a, b) for a, b in zip(first, own, strict=True)]
    behind = statistics.mean(float(statistics.median(launch)) for launch in log_ratios)
    luck = launches.ratio_sd(typical_ns(own), typical_ns(first)) / math.sqrt(len(own))
    return behind > math.log(measurement.budget.leave_at) + SURE * luck
