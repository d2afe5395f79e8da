"""A look at a device before anything is measured on it: one finding a line, each with advice."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from edgeopt import targets
from edgeopt.devices.device import Device
from edgeopt.domain.device import Probe
from edgeopt.domain.errors import RunnerFailed
from edgeopt.domain.finding import Finding, State
from edgeopt.domain.progress import Listener, silent
from edgeopt.domain.target import Profile
from edgeopt.harness.probe import probe

LITTLE_BYTES = 500_000_000  # a few models and their inputs
TOO_LITTLE_BYTES = 20_000_000
CLOCK_OFF_S = 120.0  # from here on certificates are refused
YOUNG_S = 120.0  # a board that has just started is still busy with it


def check(
    device: Device,
    runtimes: Iterable[str],
    target: str | None,
    log: Path,
    progress: Listener = silent,
) -> list[Finding]:
    """Whether models can run there at all; `edgeopt doctor` looks at what spoils figures.

    One failed finding where a device cannot be asked.

    Args:
        runtimes: those that are looked for.
        target: the profile that the device should be of; None: any.
    """
    try:
        found = probe(device, runtimes, log, progress)
    except RunnerFailed as error:
        return [_line("link", "failed", str(error.args[0]), error.hint)]
    return [_line("link", "ok", f"{device.link} answers"), *judge(found, device.name, target)]


def judge(found: Probe, name: str, target: str | None) -> list[Finding]:
    """What a device said, line by line.

    Args:
        name: the device's, for advice.
    """
    return [
        _python(found),
        _numpy(found, name),
        *_runtimes(found, name),
        *_target(found, target),
        _disk(found),
        _clock(found),
        *_quiet(found),
    ]


def _line(check: str, state: State, found: str, advice: str = "") -> Finding:
    return Finding(check=check, state=state, found=found, advice=advice)


def _python(found: Probe) -> Finding:
    words = f"{found.machine['python']}, {found.executable}"
    if found.bits == 64:
        return _line("python", "ok", words)
    advice = "The runtimes have no packages for it: install the 64-bit system."
    return _line("python", "warning", f"{words}, {found.bits} bits", advice)


def _numpy(found: Probe, name: str) -> Finding:
    if found.numpy:
        return _line("numpy", "ok", found.numpy)
    advice = f"`edgeopt devices setup {name}` installs it."
    return _line("numpy", "failed", f"missing in {found.executable}", advice)


def _runtimes(found: Probe, name: str) -> list[Finding]:
    lines = [
        _line(runtime, "ok", ", on ".join((version, *found.providers.get(runtime, ()))))
        for runtime, version in found.runtimes.items()
    ]
    state: State = "warning" if found.runtimes else "failed"
    for runtime, reason in found.missing.items():
        advice = f"`edgeopt devices setup {name} --runtime {runtime}` installs it."
        lines.append(_line(runtime, state, reason, advice))
    return lines


def _target(found: Probe, target: str | None) -> list[Finding]:
    if target is None:
        return []
    profile = targets.load(target)
    if targets.matches(profile, found.machine):
        return [_line("target", "ok", target)]
    said = found.machine.get("board") or found.machine["cpu_model"] or found.machine["arch"]
    if profile.match is None and profile.arch == found.machine["arch"]:
        return [_line("target", "ok", f"{target}, as was said when it was added: {said}")]
    suitable = ", ".join(fitting(found)) or "none that edgeopt knows"
    advice = f"It is of: {suitable}. Remove it, and add it with another --target."
    return [_line("target", "warning", f"this is no {target}: {said}", advice)]


def fitting(found: Probe) -> list[str]:
    """Names of the profiles that a device is of, the most particular first."""
    profiles = [targets.load(name) for name in targets.names() if name != "this-machine"]
    of = [profile for profile in profiles if targets.matches(profile, found.machine)]
    return [profile.name for profile in sorted(of, key=_asks_for, reverse=True)]


def _asks_for(profile: Profile) -> tuple[bool, bool, int]:
    """How much a profile asks of a machine: a board by name, a processor, flags."""
    match = profile.match
    assert match is not None  # it would match nothing
    return bool(match.board), bool(match.cpu_model), len(match.features) + len(match.absent)


def _disk(found: Probe) -> Finding:
    words = f"{found.disk_free_bytes / 1e9:.1f} GB free"
    if found.disk_free_bytes >= LITTLE_BYTES:
        return _line("disk", "ok", words)
    state: State = "warning" if found.disk_free_bytes >= TOO_LITTLE_BYTES else "failed"
    advice = "Make room, or name a folder on another disk: `edgeopt devices add ... --folder`."
    return _line("disk", state, words, advice)


def _clock(found: Probe) -> Finding:
    if abs(found.clock_off_s) < CLOCK_OFF_S:
        return _line("clock", "ok", "as here")
    side = "ahead of" if found.clock_off_s > 0 else "behind"
    words = f"{abs(found.clock_off_s):.0f} s {side} this machine's"
    advice = "pip will refuse certificates: `sudo timedatectl set-ntp true` there."
    return _line("clock", "warning", words, advice)


def _quiet(found: Probe) -> list[Finding]:
    lines = []
    uptime_s = found.machine.get("uptime_s")
    if uptime_s is not None and uptime_s < YOUNG_S:
        words = f"it started {uptime_s:.0f} s ago"
        lines.append(_line("start", "warning", words, "Give it two minutes to settle."))
    if found.other_runners:
        words = f"runners of others: {found.other_runners}"
        lines.append(_line("others", "warning", words, "Measure when they are done."))
    return lines
