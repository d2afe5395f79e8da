"""doctor(): what is wrong with a machine for measuring."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec

from edgeopt.devices.device import Device, require_real
from edgeopt.domain.finding import Diagnosis
from edgeopt.domain.progress import Listener, silent
from edgeopt.harness import gates, readings, surroundings
from edgeopt.harness.client import Client
from edgeopt.harness.preflight import check_machine
from edgeopt.harness.replies import Canary

WATCH_S = 1.0  # others are watched for so long, while nothing of edgeopt works
STEADY_S = 2.0  # of fixed work
REQUEST_S = 60.0


def doctor(device: Device, log: Path, progress: Listener = silent) -> Diagnosis:
    """Check a device; nothing is changed on it.

    Raises:
        RunnerFailed: it runs no runner.
        BadInput: it is emulated.
    """
    require_real(device)
    with Client(device, log) as client:
        machine = readings.machine(device, client, REQUEST_S)
        progress("watching the machine")
        health = readings.health(device, client, REQUEST_S, WATCH_S)
        progress("timing fixed work")
        canary = _canary(client)
    steady = gates.steadiness(canary)
    findings = (*check_machine(machine, health), *([steady] if steady else []))
    return Diagnosis(
        device=device.name,
        machine=msgspec.to_builtins(machine),
        health=msgspec.to_builtins(health),
        canary=msgspec.to_builtins(canary),
        findings=(*findings, surroundings.meters(health)),
    )


def _canary(client: Client) -> list[Canary]:
    canaries: list[Canary] = []
    end = time.monotonic() + STEADY_S
    while time.monotonic() < end:
        canaries.append(client.request("canary", REQUEST_S))
    return canaries
