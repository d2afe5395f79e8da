"""Devices: how one is reached, and what it says of itself."""

from __future__ import annotations

from typing import Any

import msgspec

from edgeopt.domain.model import Value


class DeviceEntry(Value, kw_only=True, frozen=True, omit_defaults=True):
    """A device in the user's list.

    Attributes:
        link: how it is reached: "ssh://pi@raspberrypi.local".
        target: the profile that it is of; None: of none that edgeopt knows.
        python: the interpreter there; None: `python3`.
        folder: where edgeopt keeps its files there; None: the user's cache.
        jump: hosts to go through, as for `ssh -J`.
        ssh_config: a configuration in place of `~/.ssh/config`, as for `ssh -F`.
        benchmark_model: LiteRT's program of that name for a phone; it takes the place of the
            runner there.
    """

    link: str
    target: str | None = None
    python: str | None = None
    folder: str | None = None
    jump: str | None = None
    ssh_config: str | None = None
    benchmark_model: str | None = None


class Probe(Value, kw_only=True, frozen=True):
    """What a device says of itself.

    Attributes:
        machine: what `hello` of the runner told.
        executable: the Python that runs the runner.
        bits: of that Python, 32 or 64.
        numpy: its version; None: it cannot be imported.
        disk_free_bytes: where edgeopt keeps its files.
        clock_off_s: the device's wall clock less the host's.
        other_runners: that run there besides; None where it does not tell.
        runtimes: version of each runtime that can be imported there.
        missing: why each other one cannot.
        providers: runtime -> what else than the processor it can compute on there.
    """

    machine: dict[str, Any]
    executable: str
    bits: int
    numpy: str | None
    disk_free_bytes: int
    clock_off_s: float
    other_runners: int | None
    runtimes: dict[str, str]
    missing: dict[str, str]
    providers: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
