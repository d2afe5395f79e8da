"""A folder that stands for a phone: programs that say what one says, and its Python."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from edgeopt.devices.adb import Adb
from edgeopt.domain.device import DeviceEntry

PROGRAMS = {
    "getprop": "case $1 in *abilist64) echo arm64-v8a;; *) cat {folder}/getprop.txt;; esac",
    "dumpsys": 'cat "{folder}/dumpsys-$1.txt"',
    "cmd": 'echo "$@" >> {folder}/cmd.log',
}

GETPROP = """[ro.build.fingerprint]: [google/shiba/shiba:15/AP4A.250205.002/1:user/release-keys]
[ro.build.version.release]: [15]
[ro.product.cpu.abilist64]: [arm64-v8a]
[ro.product.manufacturer]: [Google]
[ro.product.model]: [Pixel 8]
[ro.soc.manufacturer]: [Google]
[ro.soc.model]: [Tensor G3]
"""

SAID = {
    "thermalservice": "Thermal Status: 0",
    "battery": "level: 50",
    "power": "mWakefulness=Awake",
}
"""What a phone in good health says: `dumpsys NAME`."""

TREE_RUN = """#!/bin/sh
exec {python} "$@"
"""


def make(folder: Path, texts: dict[str, str]) -> Path:
    """A phone of this machine's cores, the last of which is a big one.

    Args:
        texts: what `dumpsys NAME` prints.
    """
    programs = folder / "bin"
    programs.mkdir(parents=True)
    for name, script in PROGRAMS.items():
        (programs / name).write_text(f"#!/bin/sh\n{script.format(folder=folder)}\n")
        (programs / name).chmod(0o755)
    (folder / "getprop.txt").write_text(GETPROP)
    for name, text in texts.items():
        (folder / f"dumpsys-{name}.txt").write_text(text)
    cores = sorted(os.sched_getaffinity(0))
    for core in cores:
        file = folder / "sys" / "cpu" / f"cpu{core}" / "cpufreq" / "cpuinfo_max_freq"
        file.parent.mkdir(parents=True)
        file.write_text("2910000\n" if core == cores[-1] else "1704000\n")
    return folder


def own_python(folder: Path) -> Path:
    """A tree that starts this very Python: for a phone that is this machine."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run").write_text(TREE_RUN.format(python=sys.executable))
    (folder / "run").chmod(0o755)
    return folder


def of(name: str, entry: DeviceEntry) -> Adb:
    """The device of a link `adb://SERIAL`, of a phone that is this machine."""
    tree = own_python(Path(str(entry.folder)).with_name("tree"))
    return Adb(name, entry, lambda progress: tree)
