"""`edgeopt` with schedules of one short launch: for benches and tests of whole runs.

    python -m benchmarks.faults.shortly [--sweep] optimize ...

Everything about such a run is real but its figures.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from unittest import mock

from edgeopt.harness.budget import BUDGETS
from edgeopt.pipeline.step import Skip
from edgeopt.pipeline.steps.session_options import SessionOptions

FINAL = ("quick", "standard")
RANKING = ("screen", "closer", "step", "steps")


@contextmanager
def applied(sweep: bool = False) -> Iterator[None]:
    """In this process, while it lasts.

    Args:
        sweep: other settings of sessions are tried, too. Which candidates are, follows from their
            times: without it, runs of one call have the same rows.
    """
    short = {name: replace(BUDGETS[name], looks=(1,), rounds=10, warmup_s=0.05) for name in FINAL}
    short |= {
        name: replace(BUDGETS[name], looks=(1,), rounds=11, rounds_alone=0) for name in RANKING
    }
    with ExitStack() as stack:
        stack.enter_context(mock.patch.dict(BUDGETS, short))
        if not sweep:
            stack.enter_context(mock.patch.object(SessionOptions, "why_skipped", _left_out))
        yield


def _left_out(*_: object) -> Skip:
    return Skip("left out")


if __name__ == "__main__":
    from edgeopt.cli import cli

    asked = sys.argv[1:2] == ["--sweep"]
    if asked:
        del sys.argv[1]
    with applied(sweep=asked):
        cli(prog_name="edgeopt")
