"""Schedules of one short launch, for tests of everything about a run but its figures.

python short_schedules.py ARGUMENTS is the `edgeopt` command with them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from edgeopt.harness.budget import BUDGETS

FINAL = ("quick", "standard")
RANKING = ("screen", "closer", "step", "steps")


@contextmanager
def applied() -> Iterator[None]:
    """In this process, while it lasts."""
    with pytest.MonkeyPatch.context() as patch:
        for name in FINAL:
            short = replace(BUDGETS[name], looks=(1,), rounds=10, warmup_s=0.05)
            patch.setitem(BUDGETS, name, short)
        for name in RANKING:
            short = replace(BUDGETS[name], looks=(1,), rounds=11, rounds_alone=0)
            patch.setitem(BUDGETS, name, short)
        yield


if __name__ == "__main__":
    from edgeopt.cli import cli

    with applied():
        cli(prog_name="edgeopt")
