"""QEMU's user mode: the program, and the cores that it has."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass

from edgeopt.domain.errors import NotInstalled

PROGRAMS = ("qemu-aarch64-static", "qemu-aarch64")
SAID_S = 30.0
INSTALL = "Debian, Ubuntu: apt-get install qemu-user-static. QEMU's user mode needs Linux."


@dataclass(frozen=True)
class Qemu:
    """The emulator at hand.

    Attributes:
        version: "7.2.22".
        cores: names that `-cpu` takes.
    """

    program: str
    version: str
    cores: tuple[str, ...]

    def needs(self, core: str) -> None:
        """Make sure that a core can be emulated.

        Raises:
            NotInstalled: this QEMU does not have it.
        """
        if core not in self.cores:
            raise NotInstalled(
                f"{self.program} {self.version} has no {core}; it has {', '.join(self.cores)}",
                f"QEMU 7.0 or later has it. {INSTALL}",
            )


def find() -> Qemu:
    """The QEMU on the path.

    Raises:
        NotInstalled: there is none.
    """
    program = next((found for name in PROGRAMS if (found := shutil.which(name))), None)
    if program is None:
        raise NotInstalled(f"emulated ARM needs QEMU: no {PROGRAMS[0]} on the path", INSTALL)
    said = _said(program, "--version")
    version = re.search(r"version (\d+[.\d]*)", said)
    listed = _said(program, "-cpu", "help").splitlines()
    cores = tuple(line.strip() for line in listed if re.fullmatch(r"\s+[\w-]+", line))
    return Qemu(program, version[1] if version else "of unknown version", cores)


def _said(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SAID_S)
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout
