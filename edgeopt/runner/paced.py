"""Runs that begin when a clock says so, not when the one before is done: an open loop."""

from __future__ import annotations

import time

SPIN_NS = 200_000  # a sleep ends this much early; the rest is waited for awake


def paced(run, inputs: list, period_ns: int, count: int) -> dict:
    """Run i is due at i * period_ns. One that is due already begins at once.

    Args:
        inputs: the arrays of each sample, taken in turn.

    Returns:
        `begun_ns`: when each run began, `t_ns`: how long it took; both [count], the first
        counted from the moment that run 0 was due.
    """
    clock, begun, took = time.perf_counter_ns, [], []
    zero = clock() + SPIN_NS
    for i in range(count):
        due = zero + i * period_ns
        arrays = inputs[i % len(inputs)]
        _wait_until(due)
        start = clock()
        run(arrays)
        took.append(clock() - start)
        begun.append(start - zero)
    return {"begun_ns": begun, "t_ns": took}


def _wait_until(due: int) -> None:
    left = due - time.perf_counter_ns()
    if left > SPIN_NS:
        time.sleep((left - SPIN_NS) / 1e9)
    while time.perf_counter_ns() < due:
        pass
