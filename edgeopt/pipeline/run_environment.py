"""The machine and the versions that a run was made with."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from typing import Any

import edgeopt
from edgeopt import convert, runtimes
from edgeopt.convert.worker import SOURCE_TOOLS, versions
from edgeopt.jobs import memory
from edgeopt.runner import sensors


def packages() -> tuple[str, ...]:
    """Those that read sources, convert and run."""
    sources = (package for packages in SOURCE_TOOLS.values() for package in packages)
    sessions = (package for spec in runtimes.specs() for package in spec.packages)
    converters = [convert.load(name) for name in convert.CONVERTERS]
    makers = (
        package
        for one in converters
        for precision in runtimes.spec(one.runtime).precisions
        for package in (*one.needs(precision), *one.from_torch)
    )
    return ("numpy", "pillow", "faster-coco-eval", *sorted({*sources, *sessions, *makers}))


def local_machine() -> dict[str, Any]:
    """This machine, as a runner on it would describe it."""
    return sensors.machine()


#: What of a machine's account says that it is the same one, set as it was.
SAME = (
    "id", "arch", "cpu_model", "cores", "cores_online", "kernel", "firmware", "governor",
    "power_mode", "cpu_quota",
)  # fmt: skip


def telling(machine: Mapping[str, Any]) -> dict[str, Any]:
    """What tells a machine, and how it is set; {} of one that says nothing."""
    return {name: machine[name] for name in SAME if machine.get(name) is not None}


def environment(
    machine: dict[str, Any], devices: dict[str, dict[str, Any]] | None = None
) -> dict[str, Any]:
    """The machine, what its children may take in memory, versions, other devices."""
    there = {"machine": machine, "child_memory_bytes": memory.limit_bytes()}
    return {**tools(), **there, **({"devices": devices} if devices else {})}


def tools() -> dict[str, Any]:
    """The versions of edgeopt, Python and the packages that take part."""
    return {
        "edgeopt": edgeopt.__version__,
        "python": platform.python_version(),
        "packages": versions(packages()),
    }
