"""What energy can be read from: counters that run, and sensors of the power drawn now.

`METERS` is the table: a source is a function of the `Root` that gives its meters or says why
there are none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Optional

from edgeopt.runner import nvidia
from edgeopt.runner.root import Denied, Missing, Root, optional

POWERCAP = "/sys/class/powercap"
HWMON = "/sys/class/hwmon"


@dataclass(frozen=True)
class Meter:
    """One thing that can be read.

    Attributes:
        source: row of `METERS`. name: within it.
        scope: what it covers: "board" (all of it), "package" (processor), "memory", "gpu",
            "part" (of another meter), "platform" (the processor's guess at the whole machine).
        counter: it counts J, and `read` gives the count; else `read` gives W.
        range_j: where a counter starts again from 0; None: not known.
        every_s: how often it is worth reading.
        note: what a reader of its figures should know.
    """

    source: str
    name: str
    scope: str
    counter: bool
    read: Callable[[], float]
    range_j: Optional[float] = None
    every_s: float = 0.1
    note: str = ""


def powercap(root: Root) -> List[Meter]:
    """Intel's and AMD's RAPL, and whatever else the kernel counts below /sys/class/powercap.

    https://docs.kernel.org/power/powercap/powercap.html
    """
    found: Dict[str, Meter] = {}
    why = "no energy counter in {}: a virtual machine?".format(POWERCAP)
    # intel-rapl-mmio counts the same packages a second time: those go last.
    for zone in sorted(root.names(POWERCAP), key=lambda name: "mmio" in name):
        at = "{}/{}/".format(POWERCAP, zone)
        if root.exists(at + "energy_uj"):
            name = _zone_name(root, zone)
            try:
                found.setdefault(name, _counter(root, at, name))
            except Missing as reason:
                why = str(reason)
    if not found:
        raise Missing(why)
    return list(found.values())


def sealed(root: Root) -> bool:
    """Whether there are counters of energy that only root may read."""
    paths = ["{}/{}/energy_uj".format(POWERCAP, zone) for zone in root.names(POWERCAP)]
    return any(_is_sealed(root, path) for path in paths)


def _is_sealed(root: Root, path: str) -> bool:
    try:
        root.text(path)
    except Denied:
        return True
    except Missing:
        pass
    return False


def _zone_name(root: Root, zone: str) -> str:
    """ "package-0"; a part of it is "package-0 core"."""
    own = optional(root.text, "{}/{}/name".format(POWERCAP, zone)) or zone
    parent = zone.rpartition(":")[0]
    if parent.count(":") == 0:  # the parent is the control type, or there is none
        return own
    return "{} {}".format(_zone_name(root, parent), own)


SCOPES = {"package": "package", "dram": "memory", "psys": "platform"}


def _counter(root: Root, at: str, name: str) -> Meter:
    path = at + "energy_uj"
    try:
        root.number(path)
    except Denied as reason:
        advice = "; `sudo chmod a+r {}/*/energy_uj` opens it until the next boot".format(POWERCAP)
        raise Denied(str(reason) + advice) from None
    size = optional(root.number, at + "max_energy_range_uj", 1e-6)
    kind = re.split(r"[-\d]", name.split()[-1])[0]
    return Meter(
        "powercap", name, SCOPES.get(kind, "part"), True,
        lambda: root.number(path, 1e-6), size,
    )  # fmt: skip


#: "VDD_CORE_A current(7)=0.88407000A", "VDD_CORE_V volt(15)=0.86065850V"
ADC_LINE = re.compile(r"^\s*(\S+)_([AV]) (?:current|volt)\(\d+\)=([\d.]+)[AV]\s*$", re.MULTILINE)


def pmic_watts(text: str) -> float:
    """What the rails of a Raspberry Pi 5 draw together: volts times amperes of those with both.

    Raises:
        Missing: there are none.
    """
    rails: Dict[str, Dict[str, float]] = {}
    for rail, unit, value in ADC_LINE.findall(text):
        rails.setdefault(rail, {})[unit] = float(value)
    both = [rail["A"] * rail["V"] for rail in rails.values() if len(rail) == 2]
    if not both:
        raise Missing("`vcgencmd pmic_read_adc` names no rail with current and voltage")
    return sum(both)


def pmic(root: Root) -> List[Meter]:
    """The power chip of a Raspberry Pi 5. A reading takes about 23 ms of its firmware."""

    def read() -> float:
        return pmic_watts(root.run("vcgencmd", "pmic_read_adc"))

    read()
    note = "not calibrated; without what USB, HATs and the converters themselves draw"
    return [Meter("pmic", "rails", "board", False, read, every_s=0.25, note=note)]


#: What NVIDIA calls the rail that feeds all of a Jetson, and those of the processor and GPU.
BOARD_RAILS = ("VDD_IN", "POM_5V_IN", "VIN_SYS_5V0", "SYS_VIN_HV")


def ina3221(root: Root) -> List[Meter]:
    """The power monitors of a Jetson: three channels each, mV and mA.

    https://docs.kernel.org/hwmon/ina3221.html
    """
    found = []
    for chip in root.names(HWMON, r"hwmon\d+$"):
        at = "{}/{}/".format(HWMON, chip)
        if optional(root.text, at + "name") != "ina3221":
            continue
        for channel in ("1", "2", "3"):
            label = optional(root.text, "{}in{}_label".format(at, channel)) or ""
            read = _channel(root, at, channel)
            if label and label != "NC" and optional(read) is not None:
                scope = "board" if label in BOARD_RAILS else "part"
                found.append(Meter("ina3221", label, scope, False, read))
    if not found:
        raise Missing("no ina3221 in {}: not a Jetson".format(HWMON))
    return found


def _channel(root: Root, at: str, channel: str) -> Callable[[], float]:
    volts, amperes = "{}in{}_input".format(at, channel), "{}curr{}_input".format(at, channel)
    return lambda: root.number(volts, 1e-3) * root.number(amperes, 1e-3)


def nvml(root: Root) -> List[Meter]:
    """NVIDIA's GPUs: the energy counter (Volta and later), else the power drawn now."""
    found = []
    for library, index, gpu in nvidia.handles():
        reading = _gpu_reading(library, "nvmlDeviceGetTotalEnergyConsumption", gpu)
        counter = optional(reading) is not None
        if not counter:
            reading = _gpu_reading(library, "nvmlDeviceGetPowerUsage", gpu)
        if optional(reading) is not None:
            found.append(Meter("nvml", "gpu {}".format(index), "gpu", counter, reading))
    if not found:
        raise Missing("no GPU tells its energy or its power")
    return found


def _gpu_reading(library: Any, call: str, gpu: Any) -> Callable[[], float]:
    """Both are in thousandths: mJ since the driver was loaded, and mW."""
    return lambda: nvidia.asked(library, call, gpu) / 1000


METERS: Dict[str, Callable[[Root], List[Meter]]] = {
    "powercap": powercap,
    "pmic": pmic,
    "ina3221": ina3221,
    "nvml": nvml,
}


def find(root: Root) -> Any:
    """(all meters that can be read, {source: why it has none})."""
    found: List[Meter] = []
    why: Dict[str, str] = {}
    for source, meters in METERS.items():
        try:
            found += meters(root)
        except Missing as reason:
            why[source] = str(reason)
    return found, why


def names(root: Root) -> List[str]:
    """ "powercap package-0", ...

    Raises:
        Missing: there is no meter; the reasons of all sources.
    """
    found, why = find(root)
    if not found:
        raise Missing("; ".join("{}: {}".format(*item) for item in why.items()))
    return ["{} {}".format(meter.source, meter.name) for meter in found]
