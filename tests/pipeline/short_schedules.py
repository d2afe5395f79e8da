"""Schedules of one short launch, for tests of everything about a run but its figures.

python short_schedules.py ARGUMENTS is the `edgeopt` command with them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

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
def applied() -> Iterator[None]:
    """In this process, while it lasts."""
    with pytest.MonkeyPatch.context() as patch:
        for name in NAMES:
            short = replace(BUDGETS[name], looks=(1,), rounds=10, warmup_s=0.05)
            patch.setitem(BUDGETS, name, short)
        for room, name in ROOMS:
            short = replace(getattr(room, name), looks=(1,), rounds=11, rounds_alone=0)
            patch.setattr(room, name, short)
            patch.setitem(BUDGETS, short.name, short)
        yield


if __name__ == "__main__":
    from edgeopt.cli import cli

    with applied():
        cli(prog_name="edgeopt")
