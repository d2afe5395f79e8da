"""How near two profiled candidates of a run come to this machine's roof."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edgeopt.attribution import nearness
from edgeopt.devices.device import Device
from edgeopt.domain.nearness import Nearness
from edgeopt.domain.progress import Listener
from edgeopt.domain.record import Record
from edgeopt.domain.roof import Roof
from edgeopt.domain.time_profile import TimeProfile
from edgeopt.harness import readings
from edgeopt.harness.client import Client
from edgeopt.roof import measure
from edgeopt.roof.works import is_sparse, on_processor, works_of
from edgeopt.store.run_folder import RunFolder


def roofs(
    device: Device, threads: Sequence[int], work: Path, progress: Listener, *, measured: bool
) -> dict[int, Roof | None]:
    """Number of threads -> the roof: what is kept, or measured now.

    Raises:
        RunnerFailed: no runner starts there.
    """
    wanted = sorted(set(threads))
    if measured:
        return {count: measure.roof(device, count, work, progress) for count in wanted}
    with Client(device, work / "roof.log") as client:
        machine = readings.machine(device, client, measure.LIMIT_S)
    return {count: measure.kept_roof(machine, count) for count in wanted}


def nearness_of(
    store: RunFolder,
    records: Sequence[Record],
    record: Record,
    profile: TimeProfile,
    roof: Roof | None,
) -> Nearness:
    """One candidate's, by its profile.

    Args:
        records: of its target: one may have the ONNX form that tells the layers' work.
    """
    recipe = record.recipe
    assert recipe is not None
    return nearness.by_layer(
        recipe.id,
        profile,
        recipe.threads,
        works_of(store, records, recipe),
        roof,
        on_processor=on_processor(recipe),
        sparse=is_sparse(recipe),
    )
