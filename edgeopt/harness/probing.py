"""What a device says of itself, asked of runners on it: the same for every link."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

import msgspec

from edgeopt.devices.device import Device, Reserved
from edgeopt.domain.device import Probe
from edgeopt.domain.errors import DeviceFailed, RunnerFailed
from edgeopt.domain.progress import Listener, silent
from edgeopt.harness import readings
from edgeopt.harness.client import Client

LIMIT_S = 120.0  # importing a runtime from a slow card


def probe(device: Device, runtimes: Iterable[str], log: Path, progress: Listener = silent) -> Probe:
    """Ask a device.

    Args:
        runtimes: tried one after the other, each in a process of its own: one that crashes
            takes nothing with it.

    Raises:
        RunnerFailed: no runner starts there; `DeviceFailed` where it cannot be reached.
    """
    progress(f"connecting to {device.name}")
    with Client(device, log) as client:
        machine = readings.machine(device, client, LIMIT_S)
        before = time.time()
        stock = client.request("stock", LIMIT_S, folder=device.folder())
        clock_s = (before + time.time()) / 2
    if isinstance(device, Reserved) and device.reserved_note:
        progress(device.reserved_note)
    versions, missing, others = {}, {}, {}
    for name in runtimes:
        progress(f"asking {device.name} for {name}")
        try:
            if stock.numpy is None:
                raise RunnerFailed("numpy is missing")
            with Client(device, log) as client:
                versions[name] = client.request("import", LIMIT_S, runtime=name).version
                others[name] = providers(client, name)
        except DeviceFailed:
            raise
        except RunnerFailed as error:
            missing[name] = str(error.args[0])
    return Probe(
        machine=msgspec.to_builtins(machine),
        executable=stock.executable,
        bits=stock.bits,
        numpy=stock.numpy,
        disk_free_bytes=stock.disk_free_bytes,
        clock_off_s=stock.clock_s - clock_s,
        other_runners=stock.other_runners,
        runtimes=versions,
        missing=missing,
        providers={name: those for name, those in others.items() if those},
    )


def providers(client: Client, runtime: str) -> tuple[str, ...]:
    """What else than the processor a runtime can compute on there.

    Nothing where it dies of looking.

    Raises:
        DeviceFailed: the device was lost.
    """
    try:
        return tuple(client.request("providers", LIMIT_S, runtime=runtime).providers)
    except DeviceFailed:
        raise
    except RunnerFailed:
        return ()
