"""How near a run's chosen artifact comes to its device's roof, where that was measured before."""

from __future__ import annotations

from typing import Any

from edgeopt.attribution import nearness
from edgeopt.devices.registry import LOCAL
from edgeopt.domain.nearness import WholeNearness
from edgeopt.domain.record import Record
from edgeopt.domain.run import Run
from edgeopt.roof import measure
from edgeopt.roof.works import is_sparse, on_processor, works_of
from edgeopt.store.run_folder import RunFolder


def of(run: Run, record: Record, folder: RunFolder) -> WholeNearness | None:
    """By what was timed in the run; nothing is measured for it.

    None: it has no recipe, or takes several samples at once, whose work is not known of one.
    """
    recipe = record.recipe
    if recipe is None or recipe.batch > 1:
        return None
    latency = record.measured
    machine = _machine(run, record) if latency else None
    records = [one for one in run.records if one.target == record.target]
    return nearness.whole(
        recipe.runtime,
        record.executed.precision if record.executed else None,
        recipe.threads,
        latency.p50 if latency else None,
        works_of(folder, records, recipe),
        measure.kept_roof(machine, recipe.threads) if machine else None,
        on_processor=on_processor(recipe),
        sparse=is_sparse(recipe),
    )


def _machine(run: Run, record: Record) -> dict[str, Any] | None:
    """What the device that timed it said of itself."""
    if record.device == LOCAL:
        here: dict[str, Any] | None = run.environment.get("machine")
        return here
    there: dict[str, Any] | None = run.environment.get("devices", {}).get(record.device)
    return there
