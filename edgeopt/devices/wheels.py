"""Packages for a device, fetched here: wheels for its platform and Python."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgeopt import runtimes
from edgeopt.domain.errors import DeviceFailed, EdgeoptError, NotInstalled
from edgeopt.jobs import interpreter, pip
from edgeopt.jobs.pip import complaint
from edgeopt.jobs.process import captured

OLDEST_GLIBC = 17  # manylinux2014


def platforms(arch: str, libc: str) -> list[str]:
    """Wheel platforms that a system takes, the newest first (PEP 600, 656).

    Args:
        arch: "aarch64", as `platform.machine()` says.
        libc: "glibc-2.36", as `platform.libc_ver()` says; "-" for musl.
    """
    if not libc.startswith("glibc-"):
        return [f"musllinux_1_{minor}_{arch}" for minor in (2, 1)]
    found = re.fullmatch(r"glibc-2\.(\d{1,2})(\D.*)?", libc)
    newest = int(found[1]) if found else OLDEST_GLIBC
    modern = [f"manylinux_2_{minor}_{arch}" for minor in range(newest, OLDEST_GLIBC - 1, -1)]
    return [*modern, f"manylinux2014_{arch}", f"linux_{arch}"]


def from_source() -> list[str]:
    """Options of an installing pip that is held to wheels: what has none may be built."""
    return sorted({option for spec in runtimes.specs() for option in spec.from_source()})


def fetch(requirements: tuple[str, ...], facts: Mapping[str, Any], folder: Path) -> str:
    """Download what can be had for a device, with all it needs; returns "" or why not.

    Args:
        facts: what the device's keeper says of it.

    Raises:
        NotInstalled: there is no pip here, or no way to the index.
        DeviceFailed: no packages are made for such a device.
    """
    if facts["bits"] != 64:
        raise DeviceFailed(
            f"it has a {facts['bits']}-bit Python, and the runtimes have no packages for that.",
            "Install the 64-bit system on it.",
        )
    built = _built(requirements[0], folder)
    if built is not None and built.returncode:
        return _refusal(requirements[0], built.stderr)
    major, minor = facts["version"][:2]
    command = [
        *interpreter.command("-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
        *("--only-binary=:all:", "--implementation", "cp", "--dest", str(folder)),
        *pip.source(),
        *("--find-links", str(folder)),
        *("--python-version", f"{major}.{minor}"),
        *("--abi", f"cp{major}{minor}", "--abi", "abi3", "--abi", "none"),
    ]
    for platform in platforms(facts["arch"], facts["libc"]):
        command += ["--platform", platform]
    done = captured([*command, *requirements])
    return _refusal(requirements[0], done.stderr) if done.returncode else ""


def _built(package: str, folder: Path) -> subprocess.CompletedProcess[str] | None:
    """Make the wheels that the index lacks for a runtime's package; None where none is needed.

    They are pure Python, so that this machine's are the device's, too. What was gathered by
    `setup --offline` has them.
    """
    wanted = [one for spec in runtimes.specs() if package in spec.packages for one in spec.built]
    if not wanted or pip.offline():
        return None
    command = interpreter.command("-m", "pip", "wheel", "--quiet", "--disable-pip-version-check")
    return captured([*command, "--no-deps", "--wheel-dir", str(folder), *from_source(), *wanted])


def _refusal(package: str, said: str) -> str:
    """Why pip did not, where that is about the package.

    Raises:
        NotInstalled: it is about pip or the way to the index.
    """
    if "No module named pip" in said:
        raise NotInstalled(
            "wheels are fetched by pip, and this Python has none.", "pip install pip"
        )
    if pip.unreachable(said):
        raise pip.failure(f"{package} could not be fetched", said)
    return complaint(said)


def install(requirement: str, arch: str, libc: str, python: str, folder: Path) -> None:
    """Unpack the wheel of one package for another machine, without what it depends on.

    Args:
        requirement: as pip takes it: "onnxruntime==1.31.1". python: of the machine, "3.11".

    Raises:
        NotInstalled: pip is missing, has no network, or finds no such wheel.
    """
    done = _whole(("install", "--target", str(folder), "--upgrade", "--no-compile"),
                  requirement, arch, libc, python)  # fmt: skip
    if done:
        raise done


def download(requirement: str, arch: str, libc: str, python: str, folder: Path) -> None:
    """The same wheel as `install` unpacks, into a folder of wheels.

    Raises:
        NotInstalled: as `install`.
    """
    done = _whole(("download", "--dest", str(folder)), requirement, arch, libc, python)
    if done:
        raise done


def _whole(
    verb: tuple[str, ...], requirement: str, arch: str, libc: str, python: str
) -> EdgeoptError | None:
    """Let pip take one wheel for another machine; the error where it could not."""
    command = [
        *interpreter.command("-m", "pip", *verb, "--quiet", "--disable-pip-version-check"),
        *("--no-deps", "--only-binary=:all:"),
        *("--implementation", "cp", "--python-version", python),
        *pip.source(),
    ]
    for platform in platforms(arch, libc):
        command += ["--platform", platform]
    done = captured([*command, requirement])
    if not done.returncode:
        return None
    return pip.failure(f"no wheel of {requirement} for {arch} and Python {python}", done.stderr)
