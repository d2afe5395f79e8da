"""Schedules that a run's folder has: one that was measured is not measured again.

They are taken up where a call goes on, and where the same is asked for under other limits. Only
such as nothing spoiled are offered; what failed in one is tried anew.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import msgspec

from edgeopt.domain.record import Record
from edgeopt.domain.schedule import Asked
from edgeopt.harness.budget import Budget
from edgeopt.harness.timed import Measurement
from edgeopt.pipeline.device_access import DeviceAccess
from edgeopt.pipeline.earlier_results import EarlierResults, tools
from edgeopt.pipeline.run_environment import telling
from edgeopt.store import atomic


def asked(
    access: DeviceAccess,
    records: Sequence[Record],
    budget: Budget,
    seed: int,
    baseline: str | None,
    contested: Collection[str],
    pace: Collection[str] = (),
) -> Asked:
    """What is about to be measured.

    Args:
        pace: recipe ids that set the pace; without any nothing is timed more briefly.
    """
    return Asked(
        target=records[0].target,
        device=records[0].device,
        budget=budget.name,
        seed=seed,
        baseline=baseline,
        contested=tuple(sorted(contested)),
        subjects={str(r.recipe_id): str(r.sha256) for r in records},
        machine=telling(access.machine),
        tools=_tools() if access.is_here else {},
        whole_blocks=bool(budget.leave_at or budget.behind_runs) and not pace,
    )


def _tools() -> dict[str, str]:
    versions = tools()
    return {"edgeopt": versions["edgeopt"], "python": versions["python"], **versions["packages"]}


def known(folder: Path, plan: Asked, budget: Budget) -> Measurement | None:
    """A schedule of `measurements/` that tells all that is wanted, the latest of such; or None."""
    for path in sorted((folder / "asked").glob(f"{plan.target}-*.json"), reverse=True):
        try:
            if not msgspec.json.decode(path.read_bytes(), type=Asked).answers(plan):
                continue
            session = msgspec.json.decode((folder / path.name).read_bytes(), type=Measurement)
        except (OSError, ValueError):  # gone, damaged, or of another version
            continue
        if session.budget == budget:
            return session
    return None


def known_earlier(
    folder: Path, results: EarlierResults, plan: Asked, budget: Budget
) -> Measurement | None:
    """The same of earlier runs on this machine; the folder has it from now on."""
    for asked, found in results.schedules():
        try:
            if not asked.answers(plan):
                continue
            raw = results.take_schedule(found)
            session = msgspec.json.decode(raw, type=Measurement)
        except (OSError, ValueError):
            continue
        if session.budget == budget:
            keep(folder, asked, budget, session.raw(), whole=True)
            return session
    return None


def keep(folder: Path, plan: Asked, budget: Budget, raw: dict[str, Any], whole: bool) -> None:
    """Write every raw nanosecond, and what it was asked for where the schedule is `whole`.

    Args:
        whole: nothing in it failed, and nothing spoiled it.
    """
    folder.mkdir(exist_ok=True)
    number = len(list(folder.glob(f"{plan.target}-*.json"))) + 1
    name = f"{plan.target}-{number:02d}-{budget.name}.json"
    atomic.write(folder / name, msgspec.json.encode(raw))
    if whole:
        (folder / "asked").mkdir(exist_ok=True)
        text = msgspec.json.format(msgspec.json.encode(plan))
        atomic.write(folder / "asked" / name, text)
