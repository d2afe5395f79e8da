"""What `edgeopt roof` measures: a device's roof for each number of threads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edgeopt.devices.device import Device, is_own_timer
from edgeopt.domain.errors import BadInput
from edgeopt.domain.progress import Listener, silent
from edgeopt.domain.roof import Roof
from edgeopt.harness import readings
from edgeopt.harness.client import Client
from edgeopt.jobs import disk, scratch
from edgeopt.roof import measure


def measured(
    device: Device, threads: Sequence[int], progress: Listener = silent, *, again: bool = False
) -> list[Roof]:
    """The roofs, kept ones where they are.

    Args:
        threads: (): one, and as many as there are cores.

    Raises:
        BadInput: the device is emulated, or runs no Python.
        RunnerFailed, DeviceFailed, CannotWrite: as `measure.roof`.
    """
    if is_own_timer(device):
        raise BadInput(
            f"{device.name} starts no runner: its peaks cannot be measured.",
            "Phones that only run benchmark_model time whole files.",
        )
    with disk.ending(), scratch.folder() as work:
        counts = tuple(dict.fromkeys(threads)) or _usual(device, Path(work))
        return [measure.roof(device, n, Path(work), progress, again=again) for n in counts]


def _usual(device: Device, work: Path) -> tuple[int, ...]:
    with Client(device, work / "roof.log") as client:
        cores = readings.machine(device, client, measure.LIMIT_S).cores
    return tuple(dict.fromkeys((1, cores)))
