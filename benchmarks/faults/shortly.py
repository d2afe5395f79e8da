"""`edgeopt` with schedules of one short launch: for what interrupts whole runs many times.

    python -m benchmarks.faults.shortly optimize ...

Everything about such a run is real but its figures.
"""

from __future__ import annotations

from dataclasses import replace

from edgeopt.harness.budget import BUDGETS
from edgeopt.pipeline import compress, decide, races, refine, timing

ROOMS = (
    (decide, "SCREEN"),
    (compress, "SCREEN"),
    (timing, "CLOSER"),
    (refine, "CLOSER"),
    (races, "STEP"),
    (races, "STEPS"),
)


def shorten() -> None:
    """In this process, until it ends."""
    for name in ("quick", "standard"):
        BUDGETS[name] = replace(BUDGETS[name], looks=(1,), rounds=10, warmup_s=0.05)
    for room, name in ROOMS:
        short = replace(getattr(room, name), looks=(1,), rounds=11, rounds_alone=0)
        setattr(room, name, short)
        BUDGETS[short.name] = short
    # Whom a sweep takes follows from times: without one, runs of one call have the same rows.
    decide.sweep = lambda run, records, queue, baseline: (list(records), list(queue))


if __name__ == "__main__":
    from edgeopt.cli import cli

    shorten()
    cli(prog_name="edgeopt")
