"""The tables of `edgeopt devices`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from edgeopt.domain.device import DeviceEntry, Finding
from edgeopt.report.format import DASH

if TYPE_CHECKING:
    from rich.table import Table

STYLES = {"ok": "green", "warning": "yellow", "failed": "red"}


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
    }
    return ", ".join(f"{key}: {value}" for key, value in told.items() if value)


def findings(lines: Sequence[Finding]) -> Table:
    """One line for each finding, with what to do below it."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, show_header=False)
    for _ in range(3):
        table.add_column(overflow="fold")
    for line in lines:
        words = Text(line.found)
        if line.advice:
            words.append(f"\n{line.advice}", style="italic")
        table.add_row(line.what, Text(line.state, style=STYLES[line.state]), words)
    return table
