"""Where the power comes from."""

from __future__ import annotations

from typing import Any, Dict, List

from edgeopt.runner.root import Missing, Root, optional


def supplies(root: Root) -> List[Dict[str, Any]]:
    """Batteries and mains of the machine itself, not of a mouse (`scope` is Device there)."""
    found = []
    for name in root.names("/sys/class/power_supply"):
        at = "/sys/class/power_supply/{}/".format(name)
        if optional(root.text, at + "scope") == "Device":
            continue
        found.append(
            {
                "name": name,
                "type": optional(root.text, at + "type"),
                "online": optional(root.integer, at + "online"),
                "status": optional(root.text, at + "status"),
                "capacity_percent": optional(root.integer, at + "capacity"),
                "temperature_c": optional(root.number, at + "temp", 0.1),
            }
        )
    if not found:
        raise Missing("no power supply is told: a desktop, a board or a virtual machine")
    return found
