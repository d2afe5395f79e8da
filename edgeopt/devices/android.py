"""What an Android phone prints, read. Pure functions: text in, values out.

Formats are those of Android 10 to 15; vendors leave lines out and add some, so nothing is
required but what is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from edgeopt.devices.account import PhoneMachine, Screen, Supply, Zone

#: `android.hardware.thermal` temperature types that are no temperatures: battery current limits.
NOT_HEAT = (6, 7, 8)
MANY = 1e12
PLAUSIBLE_C = (-40.0, 200.0)

#: BatteryManager.BATTERY_STATUS_*, in the words of /sys/class/power_supply.
BATTERY_STATUS = {1: "Unknown", 2: "Charging", 3: "Discharging", 4: "Not charging", 5: "Full"}

_STRUCT = re.compile(r"\{([^{}]{0,4000})\}")
_FIELD = re.compile(r"(?:\.|\bm)([A-Za-z]+)\s*=\s*(\[[^\]]*\]|[^,]*)")
_HEADING = re.compile(r"^[ \t]*([A-Z][^={}:\n]*):[ \t]*$", re.MULTILINE)


class Unreadable(ValueError):
    """A text is not what it should be. The message quotes it."""


def thermal(text: str) -> tuple[int, list[Zone]]:
    """`dumpsys thermalservice`: its status, and temperatures.

    Returns:
        The status, 0 (none) to 6 (shutdown), and zones as the runner's `thermal_zones` have
        them: `passive_c` is where the vendor begins to slow the phone, None where not told.

    Raises:
        Unreadable: there is no status in it.
    """
    status = re.search(r"Thermal Status:\s{0,9}(\d{1,3})\b", text)
    if status is None:
        raise Unreadable(f"dumpsys thermalservice said {_quoted(text)}")
    parts = _sections(text)
    # What the sensors say now; older values of listeners where the vendor's layer says nothing.
    now = _structs(parts.get("Current temperatures from HAL", ""))
    cached = _structs(parts.get("Cached temperatures", ""))
    static = parts.get("Temperature static thresholds from HAL", "")
    limits = {
        one["name"]: _first(one.get("hotthrottlingthresholds", "")) for one in _structs(static)
    }
    return int(status[1]), [zone for one in now or cached if (zone := _zone(one, limits))]


def _sections(text: str) -> dict[str, str]:
    """Text under each heading."""
    heads = list(_HEADING.finditer(text))
    ends = [head.start() for head in heads[1:]] + [len(text)]
    return {h[1].strip(): text[h.end() : end] for h, end in zip(heads, ends, strict=False)}


def _structs(text: str) -> list[dict[str, str]]:
    """`Kind{mValue=30.1, mName=cpu}`, `{.value = 30.1, .name = cpu}`: {"value": "30.1", ...}."""
    structs = []
    for body in _STRUCT.findall(text):
        fields = {key.lower(): value.strip() for key, value in _FIELD.findall(body)}
        if fields.get("name"):
            structs.append(fields)
    return structs


def _zone(one: Mapping[str, str], limits: Mapping[str, float | None]) -> Zone | None:
    celsius, kind = _number(one.get("value")), one.get("type", "")
    low, high = PLAUSIBLE_C
    if celsius is None or not low < celsius < high or (kind.isdigit() and int(kind) in NOT_HEAT):
        return None
    return Zone(name=one["name"], temperature_c=celsius, passive_c=limits.get(one["name"]))


def _first(listed: str) -> float | None:
    values = [_number(value) for value in listed.strip("[]").split(",")]
    return next((value for value in values if value is not None), None)


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "nan")
    except ValueError:
        return None
    return value if abs(value) < MANY else None  # False for NaN, too


def battery(text: str) -> Supply:
    """`dumpsys battery`, as one of the runner's `power_supplies`.

    Raises:
        Unreadable: there is no level in it.
    """
    lines = [line.partition(":") for line in text.splitlines() if ":" in line]
    fields: dict[str, str] = {}
    for key, _, value in lines:  # what vendors log below has the same words
        fields.setdefault(key.strip(), value.strip())
    level, scale = _number(fields.get("level")), _number(fields.get("scale")) or 100.0
    if level is None or not 0 <= level <= scale < 1e6:
        raise Unreadable(f"dumpsys battery said {_quoted(text)}")
    tenths = _number(fields.get("temperature"))
    status = _number(fields.get("status")) or 1
    plugged = [key.split()[0] for key, on in fields.items() if on == "true" and "powered" in key]
    return Supply(
        name="battery",
        type="Battery",
        online=int(bool(plugged)),
        status=BATTERY_STATUS.get(int(status), "Unknown"),
        capacity_percent=round(100 * level / scale),
        temperature_c=None if tenths is None else tenths / 10,
        plugged=plugged,
    )


def screen(text: str) -> Screen:
    """`dumpsys power`: whether the screen is on, and stays on while it is plugged in.

    Raises:
        Unreadable: it says nothing of wakefulness.
    """
    awake = re.search(r"mWakefulness=(\w+)", text)
    if awake is None:
        raise Unreadable(f"dumpsys power said {_quoted(text)}")
    stays = re.search(r"mStayOn=(\w+)", text)
    return Screen(on=awake[1] == "Awake", stays_on=stays is not None and stays[1] == "true")


def properties(text: str) -> dict[str, str]:
    """`getprop`: every property. Values may have several lines."""
    values: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        begun = re.match(r"\[([^\]]+)\]: \[", line) if not name else None
        if begun:
            name, line = begun[1], line[begun.end() :]
            values[name] = ""
        elif name:
            values[name] += "\n"
        if name:
            values[name] += line.removesuffix("]")
            name = "" if line.endswith("]") else name
    return values


def account(values: Mapping[str, str]) -> PhoneMachine:
    """What properties tell better than /proc does.

    Args:
        values: from `properties`.
    """
    name = _words(values, "ro.product.manufacturer", "ro.product.model")
    soc = _words(values, "ro.soc.manufacturer", "ro.soc.model")
    soc = soc or values.get("ro.board.platform", "")
    release = values.get("ro.build.version.release", "")
    return PhoneMachine(
        board=f"{name} ({soc})" if name and soc else name or None,
        distribution=f"Android {release}" if release else None,
        firmware=values.get("ro.build.fingerprint") or None,
    )


def _words(values: Mapping[str, str], *names: str) -> str:
    return " ".join(values[name] for name in names if values.get(name))


def big_cores(listed: str) -> list[int]:
    """Cores that are not of the slowest kind; all, where there is one kind.

    Args:
        listed: lines "cpu4 2850000": each core and its cpuinfo_max_freq in kHz.
    """
    clocks = {
        int(cpu): int(khz) for cpu, khz in re.findall(r"^cpu(\d{1,4}) (\d{1,9})$", listed, re.M)
    }
    slowest = min(clocks.values(), default=0)
    return sorted(cpu for cpu, khz in clocks.items() if khz > slowest) or sorted(clocks)


def mask(cores: list[int]) -> str:
    """As `taskset` takes it: hexadecimal, one bit a core."""
    return f"{sum(1 << core for core in cores):x}"


def _quoted(text: str) -> str:
    return repr(text.strip()[:80]) if text.strip() else "nothing"
