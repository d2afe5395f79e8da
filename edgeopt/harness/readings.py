"""What a machine says of itself: its runner's readings, and those that only the link can take."""

from __future__ import annotations

from edgeopt.devices.account import Health, Machine, completed
from edgeopt.devices.device import Device, Telling
from edgeopt.harness.client import Client


def machine(device: Device, client: Client, timeout_s: float) -> Machine:
    """The account of the machine.

    Raises:
        RunnerFailed: the runner or the device does not answer.
    """
    account = client.request("hello", timeout_s).machine
    return completed(account, device.machine()) if isinstance(device, Telling) else account


def health(device: Device, client: Client, timeout_s: float, seconds: float) -> Health:
    """What may spoil figures, after so many seconds of watching.

    Raises:
        RunnerFailed: the runner or the device does not answer.
    """
    account = client.request("health", timeout_s, seconds=seconds).health
    return completed(account, device.health()) if isinstance(device, Telling) else account
