"""An ARM board that is not there: the real aarch64 runtimes under QEMU's user mode.

It answers whether an artifact loads there, whether it dies of an instruction that the board
lacks, what it answers, and what memory it takes. Its times are never latencies.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
from pathlib import Path
from typing import Any, Literal

from edgeopt import targets
from edgeopt.devices import arm_tree, qemu, runner_start
from edgeopt.devices.arm_cores import CORES, files, standing_for
from edgeopt.devices.parcel import runner_zip
from edgeopt.devices.this_disk import ThisDisk
from edgeopt.domain.device import DeviceEntry
from edgeopt.domain.errors import BadInput
from edgeopt.domain.progress import Listener, silent
from edgeopt.domain.target import Profile
from edgeopt.jobs import scratch
from edgeopt.jobs.child import QUIET_ENVIRONMENT, describe_exit
from edgeopt.jobs.process import Process

SCHEME = "emulated://"

#: What the host's own Python, loader and emulator are told does not concern the board's.
_HOSTS_OWN = ("PYTHON", "LD_", "QEMU_", "EDGEOPT_EMULATOR")


class Emulated(ThisDisk):
    """See `device.Device`. Making one fetches and starts nothing.

    Args:
        profile: the target; its /proc/cpuinfo is what the runtimes read there.
        name: as records keep it; its link if None.
        core: the core that runs them, if it is not to be the profile's own: to see what a board
            does whose /proc/cpuinfo promises what its core lacks.

    Raises:
        BadInput: the target is no ARM one, or there is no such core.
    """

    kind: Literal["measured", "emulated"] = "emulated"
    times, answers, needs_preparing = False, True, True
    lost = ""

    def __init__(self, profile: Profile, name: str | None = None, core: str | None = None) -> None:
        standing = standing_for(profile)
        if core is not None and core not in CORES:
            raise BadInput(f"no core {core!r} is emulated", f"Known: {', '.join(CORES)}.")
        self.link, self.target = f"{SCHEME}{profile.name}", profile.name
        self.name = name or self.link
        self.core, self.note = core or standing.core.name, standing.note
        self.runtimes = tuple(arm_tree.runtimes())
        self._says = {
            **files(profile, standing.core),
            "proc/device-tree/model": f"{profile.title} (emulated {self.core})",
        }
        self._scratch: Path | None = None
        self._turn = threading.Lock()

    def prepare(self, progress: Listener = silent) -> Path:
        """Fetch and make what it needs, if that is not there yet; returns the tree's folder.

        Raises:
            NotInstalled: no QEMU that has the core, no network, no such wheel.
        """
        qemu.find().needs(self.core)
        return arm_tree.tree(progress)

    @property
    def emulator(self) -> str:
        """What runs there: "qemu-aarch64 7.2.22".

        Raises:
            NotInstalled: there is no QEMU.
        """
        return f"qemu-aarch64 {qemu.find().version}"

    def folder(self) -> str:
        return str(self._home() / "work")

    def _home(self) -> Path:
        """The scratch folder and what the board needs beside it, made when first asked for."""
        with self._turn:
            if self._scratch is None:
                self._scratch = self._set_up(scratch.make("edgeopt-emulated-"))
            return self._scratch

    def _set_up(self, folder: Path) -> Path:
        # QEMU opens files below its prefix first: all that is there is the board's own.
        for name, text in self._says.items():
            file = folder / "board" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        (folder / "runner.zip").write_bytes(runner_zip())
        (folder / "work").mkdir()
        return folder

    def start_runner(self, stderr: Path) -> subprocess.Popen[Any]:
        """As `device.Device` says.

        Raises:
            NotInstalled: as `prepare`.
        """
        tree = self.prepare()
        return Process(
            arm_tree.command(tree, runner_start.ARGUMENTS),
            stderr,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=self.folder(),
            env=self._environment(),
        )

    def _environment(self) -> dict[str, str]:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(_HOSTS_OWN)}
        return {
            **inherited,
            **QUIET_ENVIRONMENT,
            **scratch.environment(),
            "EDGEOPT_EMULATOR": qemu.find().program,
            "QEMU_CPU": self.core,
            "QEMU_LD_PREFIX": f"{self._home()}/board",
            "PYTHONPATH": f"{self._home()}/runner.zip",
        }

    def explain(self, code: int) -> str:
        if code in (-signal.SIGILL, 128 + signal.SIGILL):
            return f"illegal instruction on {self.core}"
        return f"on an emulated {self.core} {describe_exit(code)}"

    def close(self) -> None:
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)
            self._scratch = None


def of(name: str, entry: DeviceEntry) -> Emulated:
    """The device of a link `emulated://PROFILE`.

    Raises:
        BadInput: there is no such profile, or it is no ARM one.
    """
    return Emulated(targets.load(entry.link.removeprefix(SCHEME)), name)
