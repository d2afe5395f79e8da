"""An environment of its own for the runner, made on the device: numpy and the runtimes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from edgeopt import runtimes
from edgeopt.devices import wheels
from edgeopt.devices.answers import clean, untrusted
from edgeopt.devices.ssh import Ssh
from edgeopt.devices.wire import Excess, Late, everything
from edgeopt.domain.errors import DeviceFailed
from edgeopt.domain.finding import Finding
from edgeopt.domain.progress import Listener, silent
from edgeopt.jobs import scratch
from edgeopt.jobs.process import kill_group

#: Compiling takes minutes on a small board; what is imported is compiled then.
_QUIETLY = ("--quiet", "--disable-pip-version-check", "--no-compile", "--only-binary=:all:")
_NO_NETWORK = ("Temporary failure in name resolution", "Network is unreachable", "ConnectTimeout",
               "Failed to establish a new connection", "certificate")  # fmt: skip


LIMIT_S = 3600.0  # compiling on a small board takes long
SAID_BYTES = 16 << 20

#: Name -> the packages of which one is enough, first choice first, each with what goes with it.
Choices = dict[str, Sequence[tuple[str, ...]]]


@dataclass(frozen=True)
class Pip:
    """How packages are installed there.

    Attributes:
        command: up to what is installed.
        brought: the folder there with what was brought from here, or "".
    """

    command: tuple[str, ...]
    brought: str = ""


def setup(
    device: Ssh, names: Sequence[str], offline: bool, progress: Listener = silent
) -> list[Finding]:
    """Make the environment, or complete it; a line for numpy, Pillow and each runtime.

    Args:
        names: the runtimes to install. One that has no wheel for the device is told, and the
            others are installed.
        offline: fetch everything here; the device needs no network of its own.

    Raises:
        DeviceFailed: it cannot be reached, or makes no environment.
        NotInstalled: `offline`, and there is no pip here.
    """
    place = str(device.facts()["environment"])
    wanted: Choices = {"numpy": (("numpy",),), "pillow": (("pillow",),)}
    for name in names:
        spec = runtimes.spec(name)
        wanted[name] = tuple(spec.requirements(package) for package in spec.packages)
    failed: list[Finding] = []
    if offline:
        with scratch.folder("edgeopt-wheels-") as folder:
            wanted, failed = _fetch(device, wanted, Path(folder), progress)
            pip = _brought(device, place, Path(folder), progress)
    else:
        pip = _own(device, place, progress)
    found = [_install(device, pip, name, choices, progress) for name, choices in wanted.items()]
    if any((line.check, line.state) == ("numpy", "ok") for line in found):
        _call(device, ["touch", f"{place}/ready"])
    if pip.brought:
        _call(device, ["rm", "-rf", pip.brought])
    device.close()  # the next connection uses the environment
    return [_optional(line) for line in found + failed]


def _optional(line: Finding) -> Finding:
    """Only photos, with `bench --end-to-end`, need Pillow."""
    if line.check != "pillow" or line.state != "failed":
        return line
    return msgspec.structs.replace(line, state="warning")


def _own(device: Ssh, place: str, progress: Listener) -> Pip:
    """The device's own pip, from its own network."""
    _make(device, place, [], progress)
    command = (f"{place}/bin/python", "-I", "-m", "pip", "install", *_QUIETLY)
    return Pip((*command, *wheels.from_source()))


def _fetch(
    device: Ssh, wanted: Choices, folder: Path, progress: Listener
) -> tuple[Choices, list[Finding]]:
    """Download the first choice that there is of each; a finding where there is none."""
    there: Choices = {}
    failed = []
    for name, choices in wanted.items():
        reasons = []
        for requirements in choices:
            progress(f"fetching {requirements[0]} for {device.name}")
            reason = wheels.fetch(requirements, device.facts(), folder)
            if not reason:
                there[name] = (requirements,)
                break
            reasons.append(reason)
        else:
            failed.append(Finding(check=name, state="failed", found="; ".join(reasons)))
    return there, failed


def _brought(device: Ssh, place: str, folder: Path, progress: Listener) -> Pip:
    """Everything from here. pip itself travels, too: many boards have a Python without it."""
    progress(f"fetching pip for {device.name}")
    reason = wheels.fetch(("pip",), device.facts(), folder)
    if reason:
        raise DeviceFailed(f"pip cannot be fetched here: {reason}")
    progress(f"{device.name}: sending packages")
    there = device.put(folder)
    _make(device, place, ["--without-pip"], progress)
    archive = f"{there}/{next(folder.glob('pip-*.whl')).name}/pip"
    source = ("--no-index", "--find-links", there)
    return Pip((f"{place}/bin/python", archive, "install", *_QUIETLY, *source), there)


def _make(device: Ssh, place: str, options: list[str], progress: Listener) -> None:
    progress(f"{device.name}: making {place}")
    code, said = _call(device, [device.base_python(), "-I", "-m", "venv", *options, place])
    if code:
        hint = "`sudo apt-get install python3-venv` there, or --offline: it brings pip along."
        raise DeviceFailed(
            f"{device.name} makes no environment: {wheels.complaint(said)}",
            hint if "ensurepip" in said else "",
        )


def _install(
    device: Ssh, pip: Pip, name: str, choices: Sequence[tuple[str, ...]], progress: Listener
) -> Finding:
    """Install the first of several packages that there is for the device."""
    reasons, advice = [], ""
    for requirements in choices:
        progress(f"{device.name}: installing {requirements[0]}")
        code, said = _call(device, [*pip.command, *requirements])
        if code == 0:
            return Finding(check=name, state="ok", found=f"{requirements[0]} is installed")
        reasons.append(wheels.complaint(said))
        if any(words in said for words in _NO_NETWORK):
            advice = "It has no way to the package index: use --offline."
    return Finding(check=name, state="failed", found="; ".join(reasons), advice=advice)


def _call(device: Ssh, command: list[str]) -> tuple[int, str]:
    process = device.run(command)
    try:
        said = everything(process, SAID_BYTES, LIMIT_S)
    except (Late, Excess) as error:
        kill_group(process)
        how = "was not done in an hour" if isinstance(error, Late) else "prints without an end"
        raise untrusted(device, f"{device.name} {how}: {command[0]}.") from None
    return process.wait(), clean(said.decode(errors="replace"))
