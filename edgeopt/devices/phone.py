"""A phone's own account of itself, read through adb: what its runner cannot read as `shell`.

Each reading that a phone does not give is None, with its reason in `why_null`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import TypeVar

from msgspec import structs

from edgeopt.devices import android
from edgeopt.devices.account import PhoneHealth, PhoneMachine
from edgeopt.devices.adb_link import Done

Run = Callable[[Sequence[str]], Done]
T = TypeVar("T")

#: Each core and the most its clock can be, as `android.big_cores` reads it.
CLOCKS = """for f in /sys/devices/system/cpu/cpu[0-9]*/cpufreq/cpuinfo_max_freq; do
    cpu=${f%/cpufreq/*}; [ -r "$f" ] && echo "${cpu##*/} $(cat "$f")"
done"""


def machine(run: Run, serial: str) -> PhoneMachine:
    """What a phone says of itself that does not change."""
    account = structs.replace(
        android.account(android.properties(_printed(run, "getprop"))),
        # As `id` of the runner: the same for the same phone, and tells nothing else.
        id=hashlib.sha256(f"edgeopt {serial}".encode()).hexdigest()[:12],
    )
    missing = [name for name, value in structs.asdict(account).items() if value is None]
    return structs.replace(account, why_null=dict.fromkeys(missing, "getprop does not tell"))


def health(run: Run, fixed_performance: bool) -> PhoneHealth:
    """What may spoil figures."""
    why: dict[str, str] = {}
    thermal = _read(run, "thermalservice", android.thermal, why, "thermal_status", "thermal_zones")
    battery = _read(run, "battery", android.battery, why, "power_supplies")
    screen = _read(run, "power", android.screen, why, "screen")
    status, zones = thermal or (None, None)
    if not zones:
        why.setdefault("thermal_zones", "dumpsys thermalservice names no temperature")
    return PhoneHealth(
        fixed_performance=fixed_performance,
        screen=screen,
        thermal_status=status,
        thermal_zones=zones or None,
        power_supplies=[battery] if battery else None,
        why_null=why,
    )


def _read(
    run: Run, service: str, reader: Callable[[str], T], why: dict[str, str], *readings: str
) -> T | None:
    """What a service of the phone prints, read; None, with the reason for its `readings`."""
    try:
        return reader(_printed(run, "dumpsys", service))
    except android.Unreadable as error:
        why.update(dict.fromkeys(readings, str(error)))
        return None


def big_cores(run: Run) -> list[int]:
    """The cores to run on; empty where the phone does not tell their clocks."""
    return android.big_cores(run(["sh", "-c", CLOCKS]).out)


def _printed(run: Run, *command: str) -> str:
    done = run(command)
    return done.out if done.code == 0 else f"{done.out} {done.err}"
