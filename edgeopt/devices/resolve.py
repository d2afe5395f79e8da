"""From what a user writes after --device to a device."""

from __future__ import annotations

import importlib
from typing import Any

from edgeopt.devices import registry
from edgeopt.devices.device import Device
from edgeopt.domain.device import DeviceEntry
from edgeopt.domain.errors import BadInput

#: The table of links: scheme -> what makes its device from (name, entry).
LINKS = {
    "ssh": "edgeopt.devices.ssh:Ssh",
    "labgrid": "edgeopt.devices.labgrid:Labgrid",
    "adb": "edgeopt.devices.benchmark_phone:of",
    "emulated": "edgeopt.devices.emulated:of",
}


def resolve(name_or_link: str) -> Device:
    """The device of a name in the user's list, of a link, or "local". Nothing is connected yet.

    Raises:
        BadInput: no such device, or no such link.
    """
    if name_or_link == registry.LOCAL:
        from edgeopt.devices.local import Local

        return Local()
    if "://" in name_or_link:
        return of(name_or_link, DeviceEntry(link=name_or_link))
    return of(name_or_link, registry.entry(name_or_link))


def of(name: str, entry: DeviceEntry) -> Device:
    """The device of an entry.

    Raises:
        BadInput: its link is none.
    """
    scheme = entry.link.partition("://")[0]
    if scheme not in LINKS or "://" not in entry.link:
        known = ", ".join(f"{scheme}://" for scheme in LINKS)
        raise BadInput(f"{entry.link!r} is no link to a device.", f"Known: {known}.")
    if entry.benchmark_model and scheme != "adb":
        raise BadInput(f"{name}: only phones (adb://) are timed by a benchmark_model.")
    module, _, cls = LINKS[scheme].partition(":")
    made: Any = getattr(importlib.import_module(module), cls)
    device: Device = made(name, entry)
    return device
