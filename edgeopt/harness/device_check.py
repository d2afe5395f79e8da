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
from edgeopt.harness.probing import probe

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
        probed = probe(device, runtimes, log, progress)
    except RunnerFailed as error:
        return [_line("link", "failed", str(error.args[0]), error.hint)]
    return [
        _line("link", "ok", f"{device.link} answers"),
        *probe_findings(probed, device.name, target),
    ]


def probe_findings(probed: Probe, name: str, target: str | None) -> list[Finding]:
    """What a device said, line by line.

    Args:
        name: the device's, for advice.
    """
    return [
        _python(probed),
        _numpy(probed, name),
        *_runtimes(probed, name),
        *_target(probed, target),
        _disk(probed),
        _clock(probed),
        *_quiet(probed),
    ]


def _line(check: str, state: State, found: str, advice: str = "") -> Finding:
    return Finding(check=check, state=state, found=found, advice=advice)


def _python(probed: Probe) -> Finding:
    words = f"{probed.machine['python']}, {probed.executable}"
    if probed.bits == 64:
        return _line("python", "ok", words)
    advice = "The runtimes have no packages for it: install the 64-bit system."
    return _line("python", "warning", f"{words}, {probed.bits} bits", advice)


def _numpy(probed: Probe, name: str) -> Finding:
    if probed.numpy:
        return _line("numpy", "ok", probed.numpy)
    advice = f"`edgeopt devices setup {name}` installs it."
    return _line("numpy", "failed", f"missing in {probed.executable}", advice)


def _runtimes(probed: Probe, name: str) -> list[Finding]:
    lines = [
        _line(runtime, "ok", ", on ".join((version, *probed.providers.get(runtime, ()))))
        for runtime, version in probed.runtimes.items()
    ]
    state: State = "warning" if probed.runtimes else "failed"
    for runtime, reason in probed.missing.items():
        advice = f"`edgeopt devices setup {name} --runtime {runtime}` installs it."
        lines.append(_line(runtime, state, reason, advice))
    return lines


def _target(probed: Probe, target: str | None) -> list[Finding]:
    if target is None:
        return []
    profile = targets.load(target)
    if targets.matches(profile, probed.machine):
        return [_line("target", "ok", target)]
    name = probed.machine.get("board") or probed.machine["cpu_model"] or probed.machine["arch"]
    if profile.match is None and profile.arch == probed.machine["arch"]:
        return [_line("target", "ok", f"{target}, as was said when it was added: {name}")]
    suitable = ", ".join(fitting(probed)) or "none that edgeopt knows"
    advice = f"It is of: {suitable}. Remove it, and add it with another --target."
    return [_line("target", "warning", f"this is no {target}: {name}", advice)]


def fitting(probed: Probe) -> list[str]:
    """Names of the profiles that a device is of, the most particular first."""
    profiles = [targets.load(name) for name in targets.names() if name != "this-machine"]
    of = [profile for profile in profiles if targets.matches(profile, probed.machine)]
    return [profile.name for profile in sorted(of, key=_asks_for, reverse=True)]


def _asks_for(profile: Profile) -> tuple[bool, bool, int, bool]:
    """How much a profile asks of a machine: a board by name, a processor, flags.

    Of two that ask alike the one that says which cores it has: `intel-n100`, not `intel-cpu`.
    """
    match = profile.match
    assert match is not None  # it would match nothing
    flags = len(match.features) + len(match.absent)
    return bool(match.board), bool(match.cpu_model), flags, bool(profile.cores)


def _disk(probed: Probe) -> Finding:
    words = f"{probed.disk_free_bytes / 1e9:.1f} GB free"
    if probed.disk_free_bytes >= LITTLE_BYTES:
        return _line("disk", "ok", words)
    state: State = "warning" if probed.disk_free_bytes >= TOO_LITTLE_BYTES else "failed"
    advice = "Make room, or name a folder on another disk: `edgeopt devices add ... --folder`."
    return _line("disk", state, words, advice)


def _clock(probed: Probe) -> Finding:
    if abs(probed.clock_off_s) < CLOCK_OFF_S:
        return _line("clock", "ok", "as here")
    side = "ahead of" if probed.clock_off_s > 0 else "behind"
    words = f"{abs(probed.clock_off_s):.0f} s {side} this machine's"
    advice = "pip will refuse certificates: `sudo timedatectl set-ntp true` there."
    return _line("clock", "warning", words, advice)


def _quiet(probed: Probe) -> list[Finding]:
    lines = []
    uptime_s = probed.machine.get("uptime_s")
    if uptime_s is not None and uptime_s < YOUNG_S:
        words = f"it started {uptime_s:.0f} s ago"
        lines.append(_line("start", "warning", words, "Give it two minutes to settle."))
    if probed.other_runners:
        words = f"runners of others: {probed.other_runners}"
        lines.append(_line("others", "warning", words, "Measure when they are done."))
    return lines
