"""Heat and power supply as the board tells them: temperatures, and what is held back for them."""

from __future__ import annotations

from typing import Any, Dict, List

from edgeopt.runner.root import Missing, Root, optional

THERMAL = "/sys/class/thermal"
CPUS = "/sys/devices/system/cpu"
FIRMWARE = "/sys/devices/platform/soc/soc:firmware/get_throttled"

#: Bits of `vcgencmd get_throttled`: now, and 16 higher "has happened since the last boot".
#: https://www.raspberrypi.com/documentation/computers/os.html#get_throttled
PI_BITS = ("under-voltage", "frequency capped", "throttled", "soft temperature limit")


def zones(root: Root) -> List[Dict[str, Any]]:
    """Temperatures, and where the kernel begins to slow the processor (`passive_c`)."""
    found = []
    for name in root.names(THERMAL, r"thermal_zone\d+$"):
        at = "{}/{}/".format(THERMAL, name)
        celsius = optional(root.number, at + "temp", 0.001)
        if celsius is not None:
            kind = optional(root.text, at + "type") or name
            found.append({"name": kind, "temperature_c": celsius, "passive_c": _passive(root, at)})
    if not found:
        raise Missing("no thermal zones: a virtual machine, or a kernel without them")
    return found


def _passive(root: Root, at: str):
    points = [
        optional(root.number, at + file.replace("_type", "_temp"), 0.001)
        for file in root.names(at, r"trip_point_\d+_type$")
        if optional(root.text, at + file) == "passive"
    ]
    return min((point for point in points if point and point > 0), default=None)


#: What the kernel turns down against heat, as cooling devices name it. Fans are not among them.
BRAKES = ("cpufreq", "thermal-cpufreq", "devfreq", "thermal-devfreq", "Processor")


def brakes(root: Root) -> List[Dict[str, Any]]:
    """Cooling devices that slow something; `state` above 0 is braking now."""
    found = []
    for name in root.names(THERMAL, r"cooling_device\d+$"):
        at = "{}/{}/".format(THERMAL, name)
        kind, state = optional(root.text, at + "type"), optional(root.integer, at + "cur_state")
        if kind and state is not None and kind.startswith(BRAKES):
            most = optional(root.integer, at + "max_state")
            found.append({"name": kind, "state": state, "most": most})
    if not found:
        raise Missing("no cooling device that slows a processor")
    return found


def counter_files(root: Root, suffix: str) -> List[str]:
    """Intel's throttle counters: each core's once, each package's once."""
    found: Dict[Any, str] = {}
    for cpu in root.names(CPUS, r"cpu\d+$"):
        at = "{}/{}/".format(CPUS, cpu)
        for part, siblings in (("core", "core_cpus_list"), ("package", "package_cpus_list")):
            path = "{}thermal_throttle/{}_throttle_{}".format(at, part, suffix)
            if root.exists(path):
                shared = optional(root.text, "{}topology/{}".format(at, siblings)) or cpu
                found.setdefault((part, shared), path)
    if not found:
        raise Missing("no thermal_throttle counters: only real Intel processors have them")
    return list(found.values())


def throttle_count(root: Root) -> int:
    """How often the processor slowed itself for heat since boot."""
    return sum(root.integer(path) for path in counter_files(root, "count"))


def throttle_ms(root: Root) -> int:
    """For how long: the worst core or package."""
    return max(root.integer(path) for path in counter_files(root, "total_time_ms"))


def parse_throttled(text: str) -> int:
    """The bits in "throttled=0x50005" (vcgencmd) or "50005" (sysfs, hexadecimal too).

    Raises:
        Missing: it is something else.
    """
    try:
        return int(text.rpartition("=")[2].strip(), 16)
    except ValueError:
        raise Missing("get_throttled said {!r}".format(text[:60])) from None


def throttled(root: Root) -> Dict[str, Any]:
    """What a Raspberry Pi's firmware holds back, now and since boot; `since_boot` may be null.

    Containers have no vcgencmd; the kernel has the same bits in sysfs, a newer one only the
    under-voltage alarm.
    """
    bits = optional(lambda: parse_throttled(root.run("vcgencmd", "get_throttled")))
    source = "vcgencmd"
    if bits is None:
        bits, source = optional(lambda: parse_throttled(root.text(FIRMWARE))), "sysfs"
    if bits is not None:
        return {
            "source": source,
            "bits": bits,
            "now": words(bits),
            "since_boot": words(bits >> 16),
        }
    alarm = _alarm(root)
    now = [PI_BITS[0]] if alarm else []
    return {"source": "hwmon", "bits": None, "now": now, "since_boot": None}


def words(bits: int) -> List[str]:
    """What the low bits of `get_throttled` say."""
    return [word for i, word in enumerate(PI_BITS) if bits & 1 << i]


def _alarm(root: Root) -> bool:
    for name in root.names("/sys/class/hwmon"):
        at = "/sys/class/hwmon/{}/".format(name)
        if optional(root.text, at + "name") == "rpi_volt":
            return root.integer(at + "in0_lcrit_alarm") > 0
    raise Missing("neither vcgencmd nor {}: not a Raspberry Pi, or a container".format(FIRMWARE))


def firmware_clock_khz(root: Root) -> int:
    """A Raspberry Pi's true clock: cpufreq shows the one asked for, also when throttled."""
    said = root.run("vcgencmd", "measure_clock", "arm").rpartition("=")[2]
    if not said.isdigit():
        raise Missing("`vcgencmd measure_clock arm` said {!r}".format(said[:40]))
    return int(said) // 1000
