"""`edgeopt` with schedules of one short launch: for benches and tests of whole runs.

    python -m benchmarks.faults.shortly [--sweep] optimize ...

Everything about such a run is real but its figures.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any
from unittest import mock

from edgeopt.harness.budget import BUDGETS
from edgeopt.pipeline import compress, decide, races, refine, timing

NAMES = ("quick", "standard")
ROOMS = (
    (decide, "SCREEN"),
    (compress, "SCREEN"),
    (timing, "CLOSER"),
    (refine, "CLOSER"),
    (races, "STEP"),
    (races, "STEPS"),
)


@contextmanager
def applied(sweep: bool = False) -> Iterator[None]:
    """In this process, while it lasts.

    Args:
        sweep: other settings of sessions are tried, too. Which candidates are, follows from their
            times: without it, runs of one call have the same rows.
    """
    with ExitStack() as stack:
        budgets = {
            name: replace(BUDGETS[name], looks=(1,), rounds=10, warmup_s=0.05) for name in NAMES
        }
        for room, name in ROOMS:
            short = replace(getattr(room, name), looks=(1,), rounds=11, rounds_alone=0)
            stack.enter_context(mock.patch.object(room, name, short))
            budgets[short.name] = short
        stack.enter_context(mock.patch.dict(BUDGETS, budgets))
        if not sweep:
            stack.enter_context(mock.patch.object(decide, "sweep", _no_sweep))
        yield


def _no_sweep(
    station: Any, records: Sequence[Any], queue: Sequence[Any], baseline: Any
) -> tuple[list[Any], list[Any]]:
    return list(records), list(queue)


if __name__ == "__main__":
    from edgeopt.cli import cli

    asked = sys.argv[1:2] == ["--sweep"]
    if asked:
        del sys.argv[1]
    with applied(sweep=asked):
        cli(prog_name="edgeopt")
