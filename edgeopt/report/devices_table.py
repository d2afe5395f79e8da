"""The table of `edgeopt devices list`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from edgeopt.domain.device import DeviceEntry
from edgeopt.report.format import DASH

if TYPE_CHECKING:
    from rich.table import Table


def listing(devices: Mapping[str, DeviceEntry]) -> Table:
    """Every device of the user's, and this machine."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for heading in ("device", "link", "target", "options"):
        table.add_column(heading, overflow="fold")
    table.add_row("local", "this machine", DASH, "")
    for name, entry in devices.items():
        table.add_row(name, entry.link, entry.target or DASH, _options(entry))
    return table


def _options(entry: DeviceEntry) -> str:
    told = {
        "python": entry.python,
        "folder": entry.folder,
        "jump": entry.jump,
        "ssh config": entry.ssh_config,
        "benchmark_model": entry.benchmark_model,
    }
    return ", ".join(f"{key}: {value}" for key, value in told.items() if value)
