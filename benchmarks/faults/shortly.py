"""`edgeopt` with schedules of one short launch: for what interrupts whole runs many times.

    python -m benchmarks.faults.shortly optimize ...

Everything about such a run is real but its figures.
"""

from __future__ import annotations

from dataclasses import replace

from edgeopt.harness.budget import BUDGETS
from edgeopt.pipeline.step import Obstacle
from edgeopt.pipeline.steps.session_options import SessionOptions

RANKING = ("screen", "closer", "step", "steps")


def shorten() -> None:
    """In this process, until it ends."""
    for name in ("quick", "standard"):
        BUDGETS[name] = replace(BUDGETS[name], looks=(1,), rounds=10, warmup_s=0.05)
    for name in RANKING:
        BUDGETS[name] = replace(BUDGETS[name], looks=(1,), rounds=11, rounds_alone=0)
    # Which settings are tried follows from times: without, runs of one call have the same rows.
    SessionOptions.obstacle = lambda self, run, state: Obstacle("left out")  # type: ignore[method-assign]


if __name__ == "__main__":
    from edgeopt.cli import cli

    shorten()
    cli(prog_name="edgeopt")
