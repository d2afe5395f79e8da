"""A device's roof: measured where it is not kept, once for each state of the machine."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import msgspec

from edgeopt import runtimes
from edgeopt.devices.account import Machine
from edgeopt.devices.device import Device, require_real
from edgeopt.devices.registry import LOCAL
from edgeopt.domain.errors import CannotWrite, DeviceFailed
from edgeopt.domain.finding import Finding
from edgeopt.domain.progress import Listener, silent
from edgeopt.domain.roof import Level, Peak, Roof
from edgeopt.harness import readings
from edgeopt.harness.bandwidth_reply import Bandwidth, Cache
from edgeopt.harness.client import Client, RunnerFailed
from edgeopt.harness.preflight import check_machine
from edgeopt.roof import kept
from edgeopt.roof.kernels import KERNELS, RUNTIMES, Kernel
from edgeopt.roof.timing import Timing

#: For each kernel, and for all levels of memory together.
KERNEL_S, LEVELS_S = 0.6, 3.0
LIMIT_S = 120.0
WATCH_S = 1.0  # others are watched for so long, while nothing of edgeopt works

#: What of the machine's account a peak depends on. What changes by itself is left out.
_STATE = (
    "arch", "cpu_model", "parts", "core_kinds", "cores", "affinity", "smt", "features", "microcode",
    "board", "power_mode", "kernel", "memory_bytes", "governor", "boost", "power_limits",
    "virtual_machine", "container", "cpu_quota", "id",
)  # fmt: skip
_POLICY = ("name", "governor", "max_khz", "hardware_max_khz", "energy_preference")


def state_of(machine: Machine | Mapping[str, Any]) -> dict[str, Any]:
    """What of a machine a figure is kept for. Args: machine: as told, or as a run kept it."""
    told: dict[str, Any] = msgspec.to_builtins(machine)
    # As JSON keeps it: what a run wrote and what a runner tells now are then the same.
    told = msgspec.json.decode(msgspec.json.encode(told))
    policies = [{key: one.get(key) for key in _POLICY} for one in told.get("policies") or ()]
    return {**{key: told.get(key) for key in _STATE}, "policies": policies}


def roof(
    device: Device,
    threads: int,
    work: Path,
    progress: Listener = silent,
    seconds: float = KERNEL_S,
    *,
    again: bool = False,
) -> Roof:
    """What so many threads of a device can do at most.

    Kept figures are taken where machine, state, threads and the versions of runtimes are the same;
    of a runtime that has another version, its own are measured.

    Args:
        work: a scratch folder.
        seconds: for each kernel.
        again: measure all of it.

    Raises:
        BadInput: the device is emulated: nothing is measured there.
        RunnerFailed: no runner starts there; `DeviceFailed` where it cannot be reached.
        CannotWrite: the cache.
    """
    require_real(device)
    log = work / "roof.log"
    with Client(device, log) as client:
        machine = state_of(readings.machine(device, client, LIMIT_S))
    versions, missing = _versions(device, log)
    known = None if again else kept.read(machine, threads)
    if known is not None and known.asked == versions:
        return known
    findings = _findings(device, log, progress)
    fresh = {name for name in versions if known is None or known.asked.get(name) != versions[name]}
    peaks, why = _peaks(device, threads, fresh, work, log, seconds, progress)
    old = () if known is None else known.peaks
    if known is None or not known.levels:
        progress(f"bandwidth of {device.name}")
        levels, absent = _levels(device, threads, log)
    else:
        levels, absent = known.levels, {}
    found = Roof(
        device=device.name,
        machine=machine,
        threads=threads,
        asked=versions,
        peaks=(*(p for p in old if p.runtime in versions and p.runtime not in fresh), *peaks),
        levels=levels,
        why_null={**(known.why_null if known else {}), **missing, **absent, **why},
        measured=datetime.now(UTC).date().isoformat(),
        findings=tuple(dict.fromkeys((*findings, *(known.findings if known else ())))),
    )
    kept.write(found)
    return found


def _findings(device: Device, log: Path, progress: Listener) -> list[Finding]:
    """What may spoil the peaks, as before any other measurement: a busy machine has lower ones."""
    progress(f"watching {device.name}")
    with Client(device, log) as client:
        machine = readings.machine(device, client, LIMIT_S)
        found = check_machine(machine, readings.health(device, client, LIMIT_S, WATCH_S))
    return [one for one in found if one.state in ("warning", "failed")]


def kept_roof(machine: Machine | Mapping[str, Any], threads: int) -> Roof | None:
    """What was measured of this machine in this state; None: nothing."""
    return kept.read(state_of(machine), threads)


def _versions(device: Device, log: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Runtime -> its version there; and why another one has none."""
    found, missing = {}, {}
    for name in RUNTIMES:
        try:
            found[name] = _installed(name) if device.link == LOCAL else _there(device, name, log)
        except DeviceFailed:
            raise
        except (RunnerFailed, metadata.PackageNotFoundError) as error:
            missing[name] = f"{name} is not installed there: {error.args[0]}"
    return found, missing


def _installed(runtime: str) -> str:
    """Raises PackageNotFoundError."""
    packages = runtimes.spec(runtime).packages
    for package in packages:
        with contextlib.suppress(metadata.PackageNotFoundError):
            return metadata.version(package)
    raise metadata.PackageNotFoundError(" or ".join(packages))


def _there(device: Device, runtime: str, log: Path) -> str:
    with Client(device, log) as client:
        return client.request("import", LIMIT_S, runtime=runtime).version


def _peaks(
    device: Device,
    threads: int,
    names: Iterable[str],
    work: Path,
    log: Path,
    seconds: float,
    progress: Listener,
) -> tuple[list[Peak], dict[str, str]]:
    """The peaks of some runtimes, and why a kernel has none."""
    wanted = [kernel for kernel in KERNELS if kernel.runtime in set(names)]
    peaks, why = [], {}
    for number, kernel in enumerate(wanted):
        progress(f"peak of {kernel.title}", number, len(wanted))
        try:
            peaks.append(_peak(kernel, device, threads, work, log, seconds))
        except (DeviceFailed, CannotWrite):
            raise
        except (RunnerFailed, ImportError) as error:
            why[kernel.title] = str(error.args[0] if error.args else error)
    return peaks, why


def _peak(
    kernel: Kernel, device: Device, threads: int, work: Path, log: Path, seconds: float
) -> Peak:
    with Timing(kernel, device, threads, work, log, LIMIT_S) as timing:
        spent = 0
        while spent < 1e9 * seconds:
            spent += timing.turn()
        return timing.peak


def _levels(device: Device, threads: int, log: Path) -> tuple[tuple[Level, ...], Mapping[str, str]]:
    try:
        with Client(device, log) as client:
            told = client.request("bandwidth", LIMIT_S, threads=threads, seconds=LEVELS_S)
    except DeviceFailed:
        raise
    except RunnerFailed as error:
        return (), {"bandwidth": str(error.args[0])}
    return levels_of(told, threads), told.why_null


def levels_of(told: Bandwidth, threads: int) -> tuple[Level, ...]:
    """The levels that a runner measured, with what their caches hold for these threads."""
    caches = {f"L{cache.level}": cache for cache in told.caches}
    return tuple(
        Level(
            name=level.level,
            bytes=_held(caches[level.level], threads) if level.level in caches else None,
            read_bytes_per_s=level.read_bytes_per_s,
            copy_bytes_per_s=level.copy_bytes_per_s,
        )
        for level in told.levels
    )


def _held(cache: Cache, threads: int) -> int:
    return cache.most_bytes * min(threads, cache.instances)
