"""What is asked of devices and spaces and cannot be had: refused before anything is written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edgeopt.domain.errors import BadInput
from edgeopt.harness import readings
from edgeopt.harness.client import Client
from edgeopt.pipeline.call import Call
from edgeopt.pipeline.device_pool import DevicePool
from edgeopt.pipeline.intake import Intake
from edgeopt.pipeline.placement import Placement, space_of

_REQUEST_S = 60.0
_WATCH_S = 0.1


def placements(pool: DevicePool, call: Call, intake: Intake) -> list[Placement] | None:
    """Where the targets are placed, where that had to be known now; None: it need not yet.

    Raises:
        BadInput: the bounds leave nothing of a target, or its energy is not measured.
        DeviceFailed: a device cannot be reached.
    """
    limits = call.constraints
    metered = call.aim == "energy" or limits.max_energy_mj is not None
    if limits.space is None and not metered:
        return None
    placed = pool.placements(intake.profiles, call.devices)
    for one in placed:
        space_of(one, intake.source, limits.space)
    if metered:
        _require_meters(placed, pool.log, call)
    return placed


def _require_meters(placed: Sequence[Placement], log: Path, call: Call) -> None:
    asked = "--for energy" if call.aim == "energy" else "--max-energy"
    for one in placed:
        why = _why_unmetered(one, log)
        if why:
            raise BadInput(
                f"{asked} needs a device that measures its energy, and for {one.profile.name} "
                f"there is none: {why}.",
                "Leave it out, or name a device with a meter: `edgeopt doctor --device NAME` "
                "says whether it has one.",
            )


def _why_unmetered(placement: Placement, log: Path) -> str:
    """Why energy is not measured there; "" where it is."""
    device = placement.device
    if device is None or not placement.timed:
        return "nothing is timed for it"
    with Client(device, log) as client:
        health = readings.health(device, client, _REQUEST_S, _WATCH_S)
    if health.meters:
        return ""
    return health.why_null.get("meters", "it has no meter")
