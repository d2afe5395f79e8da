"""What a machine says of itself: its runner's readings, and those that only the link can take."""

from __future__ import annotations

from typing import Any

from edgeopt.devices.device import Device, Telling
from edgeopt.harness.client import Client

Readings = dict[str, Any]


def machine(device: Device, client: Client, timeout_s: float) -> Readings:
    """The account of the machine.

    Raises:
        RunnerFailed: the runner or the device does not answer.
    """
    told: Readings = client.request("hello", timeout_s)["machine"]
    return merged(told, device.machine()) if isinstance(device, Telling) else told


def health(device: Device, client: Client, timeout_s: float, seconds: float) -> Readings:
    """What may spoil figures, after so many seconds of watching.

    Raises:
        RunnerFailed: the runner or the device does not answer.
    """
    told: Readings = client.request("health", timeout_s, seconds=seconds)["health"]
    return merged(told, device.health()) if isinstance(device, Telling) else told


def merged(told: Readings, more: Readings) -> Readings:
    """Readings of two sources: what the second knows counts; reasons stay for what none knows."""
    known = {key: value for key, value in more.items() if value is not None and key != "why_null"}
    found = {**dict.fromkeys(more), **told, **known}
    reasons = {**(told.get("why_null") or {}), **(more.get("why_null") or {})}
    why = {key: reason for key, reason in reasons.items() if found.get(key) is None}
    return {**found, "why_null": why}
