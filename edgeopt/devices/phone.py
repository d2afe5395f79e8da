"""A phone's own account of itself, read through adb: what its runner cannot read as `shell`.

Each reading that a phone does not give is None, with its reason in `why_null`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from edgeopt.devices import android
from edgeopt.devices.adb_link import Done

Run = Callable[[Sequence[str]], Done]

#: Each core and the most its clock can be, as `android.big_cores` reads it.
CLOCKS = """for f in /sys/devices/system/cpu/cpu[0-9]*/cpufreq/cpuinfo_max_freq; do
    cpu=${f%/cpufreq/*}; [ -r "$f" ] && echo "${cpu##*/} $(cat "$f")"
done"""


def machine(run: Run, serial: str) -> dict[str, Any]:
    """What a phone says of itself that does not change; fields as of the runner's `hello`."""
    told = android.account(android.properties(_said(run, "getprop")))
    # As `id` of the runner: the same for the same phone, and tells nothing else.
    told["id"] = hashlib.sha256(f"edgeopt {serial}".encode()).hexdigest()[:12]
    why = {key: "getprop does not tell" for key, value in told.items() if value is None}
    return {**told, "why_null": why}


def health(run: Run, fixed_performance: bool) -> dict[str, Any]:
    """What may spoil figures; fields as of the runner's `health`."""
    found: dict[str, Any] = {"fixed_performance": fixed_performance}
    why: dict[str, str] = {}
    for name, reader, command in (
        ("thermal", android.thermal, ("dumpsys", "thermalservice")),
        ("battery", android.battery, ("dumpsys", "battery")),
        ("screen", android.screen, ("dumpsys", "power")),
    ):
        try:
            found[name] = reader(_said(run, *command))
        except android.Unreadable as error:
            found[name], why[name] = None, str(error)
    status, zones = found.pop("thermal") or (None, None)
    supply = found.pop("battery")
    readings = {
        "thermal_status": (status, "thermal"),
        "thermal_zones": (zones or None, "thermal"),
        "power_supplies": ([supply] if supply else None, "battery"),
    }
    for name, (value, source) in readings.items():
        found[name] = value
        if value is None:
            why[name] = why.get(source, "dumpsys thermalservice names no temperature")
    for source in ("thermal", "battery"):
        why.pop(source, None)
    return {**found, "why_null": why}


def big_cores(run: Run) -> list[int]:
    """The cores to run on; empty where the phone does not tell their clocks."""
    return android.big_cores(run(["sh", "-c", CLOCKS]).out)


def _said(run: Run, *command: str) -> str:
    done = run(command)
    return done.out if done.code == 0 else f"{done.out} {done.err}"
