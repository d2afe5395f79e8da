"""One connection to a device: the ssh process that holds it, and the keeper at its other end."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from edgeopt.devices import keeper, ssh_errors
from edgeopt.devices.answers import ADVICE
from edgeopt.devices.keeper import Facts, Keeper, LinkCut
from edgeopt.devices.parcel import RUNNER_ZIP, runner_zip
from edgeopt.devices.ssh_lines import Lines
from edgeopt.devices.ssh_link import SshLink
from edgeopt.domain.errors import DeviceFailed, NotInstalled, Untrusted
from edgeopt.jobs import scratch
from edgeopt.jobs.process import Process, kill_group
from edgeopt.runner.keeper import REFUSAL

CONNECT_S = 40.0  # ssh's own limits are shorter; a board that swaps is slow to start Python
CLOSE_S = 5.0
LONGEST = 60  # a socket's path may have 104 characters, and ssh adds some


def spawn(argv: list[str], log: Path | None = None, **options: Any) -> subprocess.Popen[Any]:
    """Start an ssh that leads a group of its own and asks nobody anything.

    Args:
        log: what it says on stderr is kept there, within limits.

    Raises:
        NotInstalled: there is no ssh.
    """
    environment = {**os.environ, "SSH_ASKPASS_REQUIRE": "never"}
    try:
        if log is not None:
            return Process(argv, log, env=environment, **options)
        return subprocess.Popen(argv, env=environment, start_new_session=True, **options)
    except FileNotFoundError:
        raise NotInstalled(
            "a device is reached by `ssh`, and there is none here.",
            "sudo apt-get install openssh-client",
        ) from None


class SshConnection:
    """An open connection. It ends when the process that opened it does, however it ends.

    Attributes:
        facts: what the keeper says of the device.
        sent: what was put: path -> (its signature then, where it is there).
    """

    def __init__(self, way: SshLink, python: str, folder: str) -> None:
        self._way, self._python, self._remote_folder = way, python, folder
        root = str(scratch.root())
        short = root if len(root) < LONGEST else "/tmp"  # noqa: S108
        self._local = tempfile.TemporaryDirectory(prefix="edgeopt-ssh-", dir=short)
        self._log = Path(self._local.name) / "ssh.log"
        self.socket = Path(self._local.name) / "s"
        self.lines = Lines(way, self.socket, spawn)
        self.facts: Facts
        self.sent: dict[Path, tuple[Any, str]] = {}

    def open(self, timeout_s: float) -> None:
        """Connect, and start the keeper.

        Raises:
            DeviceFailed: why that is not possible, and what to do.
            NotInstalled: there is no ssh here.
        """
        argv = self._way.argv(self.socket, "ControlMaster=yes", "LogLevel=INFO")
        command = keeper.command(self._python, self._remote_folder)
        self._process = spawn(
            [*argv, f"exec {command}"],
            self._log,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.keeper = Keeper(self._process, self._way.place)
        try:
            self.facts = self.keeper.greet(timeout_s)
        except LinkCut:
            failure = None if self.keeper.noise else self._failure(timeout_s)
            self.close()
            if failure is not None:
                raise failure from None
        except Untrusted:
            self.close()
            raise
        if self.keeper.noise:
            self.close()
            raise Untrusted(
                f"the login shell at {self._way.place} prints on its own: "
                f"{self.keeper.noise.strip()[:80]!r}",
                "What a program sends would be mixed with it: let ~/.bashrc (or the like) print "
                "in interactive shells only.",
            )

    def _failure(self, timeout_s: float) -> DeviceFailed:
        code = self._wait(1.0)
        said = self._log.read_text(errors="replace")
        refused = said.rpartition(REFUSAL)[2].strip() if REFUSAL in said else ""
        if refused:
            number, _, words = refused.partition(" ")
            message, hint = keeper.refusal(words, int(number) if number.isdigit() else None)
            return DeviceFailed(message, hint)
        if code == -9 and not said.strip():
            return Untrusted(f"{self._way.place} did not answer within {timeout_s:.0f} s.", ADVICE)
        missing = ssh_errors.no_python(self._python, code, self._way.place)
        if missing is None and not said.strip():
            return Untrusted(f"{self._way.place} ended the connection without a word.", ADVICE)
        return DeviceFailed(*(missing or ssh_errors.diagnose(said, self._way.place)))

    def runner_zip(self) -> Path:
        """The runner and its runtimes as a file to put."""
        path = Path(self._local.name) / RUNNER_ZIP
        if not path.exists():
            path.write_bytes(runner_zip())
        return path

    def is_dead(self, wait_s: float) -> bool:
        """Whether the connection is gone; waits so long for news of it."""
        return self._wait(wait_s) is not None

    def last_words(self) -> str:
        """How it ended, in a sentence."""
        return ssh_errors.diagnose(self._log.read_text(errors="replace"), self._way.place)[0]

    def _wait(self, wait_s: float) -> int | None:
        try:
            return self._process.wait(wait_s)
        except subprocess.TimeoutExpired:
            return None

    def close(self) -> None:
        """End it, and what runs over it; the keeper removes the scratch folder."""
        self.keeper.quit(CLOSE_S)
        kill_group(self._process)
        self.lines.close()
        self.keeper.close()
        self._local.cleanup()
