"""Packages for a device, fetched here: wheels for its platform and Python."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgeopt.domain.errors import DeviceFailed, NotInstalled
from edgeopt.jobs import interpreter
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


def fetch(requirements: tuple[str, ...], facts: Mapping[str, Any], folder: Path) -> str:
    """Download what can be had for a device, with all it needs; returns "" or why not.

    Args:
        facts: what the device's keeper says of it.

    Raises:
        NotInstalled: there is no pip here.
        DeviceFailed: no packages are made for such a device.
    """
    if facts["bits"] != 64:
        raise DeviceFailed(
            f"it has a {facts['bits']}-bit Python, and the runtimes have no packages for that.",
            "Install the 64-bit system on it.",
        )
    major, minor = facts["version"][:2]
    command = [
        *interpreter.command("-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
        *("--only-binary=:all:", "--implementation", "cp", "--dest", str(folder)),
        *("--python-version", f"{major}.{minor}"),
        *("--abi", f"cp{major}{minor}", "--abi", "abi3", "--abi", "none"),
    ]
    for platform in platforms(facts["arch"], facts["libc"]):
        command += ["--platform", platform]
    done = captured([*command, *requirements])
    if done.returncode and "No module named pip" in done.stderr:
        raise NotInstalled(
            "wheels are fetched by pip, and this Python has none.", "pip install pip"
        )
    return complaint(done.stderr) if done.returncode else ""


def install(requirement: str, arch: str, libc: str, python: str, folder: Path) -> None:
    """Unpack the wheel of one package for another machine, without what it depends on.

    Args:
        requirement: as pip takes it: "onnxruntime==1.31.1". python: of the machine, "3.11".

    Raises:
        NotInstalled: pip is missing, has no network, or finds no such wheel.
    """
    command = [
        *interpreter.command("-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
        *("--target", str(folder), "--upgrade", "--no-deps", "--no-compile"),
        *("--only-binary=:all:", "--implementation", "cp", "--python-version", python),
    ]
    for platform in platforms(arch, libc):
        command += ["--platform", platform]
    done = captured([*command, requirement])
    if done.returncode:
        raise NotInstalled(
            f"no wheel of {requirement} for {arch} and Python {python}: {complaint(done.stderr)}",
            "The network is needed once; pip's own settings name another index.",
        )


def complaint(said: str) -> str:
    """The line of pip's output that says what went wrong."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")]
    return (errors or lines or ["pip said nothing"])[-1].removeprefix("ERROR: ")[:300]
