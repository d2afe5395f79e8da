"""The table of `edgeopt devices list`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from edgeopt.domain.device import DeviceEntry
from edgeopt.domain.visible import lines
from edgeopt.report.format import DASH

if TYPE_CHECKING:
    from rich.table import Table

    from edgeopt.report.shown import Fitting


def listing(devices: Mapping[str, DeviceEntry]) -> Fitting:
    """Every device of the user's, and this machine. A link stays on a line of its own width."""
    from edgeopt.report.shown import Fitting

    return Fitting(lambda: _wide(devices), lambda: _narrow(devices))


def _wide(devices: Mapping[str, DeviceEntry]) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for heading in ("device", "link", "target", "options"):
        table.add_column(heading, overflow="fold")
    table.add_row("local", "this machine", DASH, "")
    for name, entry in devices.items():
        table.add_row(name, entry.link, entry.target or DASH, ", ".join(_options(entry)))
    return table


def _narrow(devices: Mapping[str, DeviceEntry]) -> Table:
    """A device a paragraph."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("device", overflow="fold")
    table.add_row(lines("local", "  this machine"))
    for name, entry in devices.items():
        target = [f"target: {entry.target}"] if entry.target else []
        told = [entry.link, *target, *_options(entry)]
        table.add_row(lines(name, *(f"  {one}" for one in told)))
    return table


def _options(entry: DeviceEntry) -> list[str]:
    told = {
        "python": entry.python,
        "folder": entry.folder,
        "jump": entry.jump,
        "ssh config": entry.ssh_config,
        "benchmark_model": entry.benchmark_model,
    }
    return [f"{key}: {value}" for key, value in told.items() if value]
