"""A machine that is reached by the system's ssh: a Raspberry Pi, a Jetson, any Linux.

One connection is held open; its own session is the keeper of files (`runner/keeper.py`), each
runner is one more session over it, or over further ones where there are many.
"""

from __future__ import annotations

import shlex
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from edgeopt.devices import runner_start, ssh_link
from edgeopt.devices.device import MOST_BYTES
from edgeopt.devices.keeper import Facts, LinkCut
from edgeopt.devices.parcel import pack, signature
from edgeopt.devices.ssh_connection import CONNECT_S, SshConnection, spawn
from edgeopt.domain.device import DeviceEntry
from edgeopt.domain.errors import DeviceFailed, Untrusted
from edgeopt.jobs.child import QUIET_ENVIRONMENT, describe_exit

CUT = 255  # ssh's own exit code for everything that is not the command's


class Ssh:
    """See `device.Device`.

    Raises:
        BadInput: `entry.link` is no ssh link.
        NotInstalled: by the first call that connects, where there is no ssh here.
    """

    kind: Literal["measured", "emulated"] = "measured"
    times, answers, needs_preparing = True, True, False

    def __init__(self, name: str, entry: DeviceEntry) -> None:
        self.name, self.link, self.lost = name, entry.link, ""
        self._entry = entry
        self._way = self._find_way()
        self._session: SshConnection | None = None
        self._boot: str | None = None
        self._turn = threading.RLock()

    def _find_way(self) -> ssh_link.SshLink:
        return ssh_link.parse(self._entry.link, self._entry)

    def reach(self) -> None:
        self._live()

    def put(self, path: Path) -> str:
        session = self._live()
        seen = signature(path)
        with self._turn:
            known = session.sent.get(path)
            if known is None or known[0] != seen:
                place = self._keeping(session, lambda: session.keeper.put(pack(path)))
                session.sent[path] = seen, place
            place = session.sent[path][1]
        return place if path.is_dir() else f"{place}/{path.name}"

    def get(self, remote: str, path: Path, most_bytes: int = MOST_BYTES) -> None:
        session = self._live()
        self._keeping(session, lambda: session.keeper.get(remote, path, most_bytes))

    def remove(self, remotes: Sequence[str]) -> None:
        session = self._live()
        self._keeping(session, lambda: session.keeper.remove(list(remotes)))

    def folder(self) -> str:
        return str(self._live().facts["scratch"])

    def start_runner(self, stderr: Path) -> subprocess.Popen[Any]:
        session = self._live()
        archive = self.put(session.runner_zip())
        command = ["env", *_environment(archive), self.python(), *runner_start.ARGUMENTS]
        return session.lines.start(in_shell(command, self.folder()), stderr)

    def explain(self, code: int) -> str:
        if code != CUT:
            return describe_exit(code)
        with self._turn:
            wait_s = 0.0 if self.lost else 1.0  # it may be a little behind its runners
            if self._session is None or self._session.is_dead(wait_s):
                return self._cut()
            # It stands again: the first runner to be asked about brought that to light.
            return self.lost or "the ssh that held the runner gave up; the link itself stands"

    def close(self) -> None:
        with self._turn:
            if self._session is not None:
                self._session.close()
            self._session = None

    # --- beyond the protocol: for `devices check` and `devices setup`

    def facts(self) -> Facts:
        """What the keeper says of the device (`runner/keeper.py`)."""
        return self._live().facts

    def base_python(self) -> str:
        """The interpreter that environments are made from."""
        return self._entry.python or "python3"

    def python(self) -> str:
        """The interpreter of runners: of the environment that `setup` made, where there is one."""
        facts = self._live().facts
        if facts["environment_ready"]:
            return f"{facts['environment']}/bin/python"
        return self.base_python()

    def run(self, command: Sequence[str]) -> subprocess.Popen[str]:
        """Start a command there; what it prints comes by stdout."""
        socket = self._live().socket
        argv = self._way.argv(socket, "ControlMaster=no")
        return spawn(
            [*argv, in_shell(command, ".")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    # --- the connection

    def _live(self) -> SshConnection:
        with self._turn:
            if self._session is not None and self._session.is_dead(0.0):
                if self._session.sent:
                    self._cut()
                else:  # nothing was under way: no runner starts before it is sent
                    self.close()
            if self._session is None:
                self._session = self._connect(CONNECT_S)
            return self._session

    def _connect(self, timeout_s: float) -> SshConnection:
        session = SshConnection(self._way, self.base_python(), self._entry.folder or "")
        session.open(timeout_s)
        self._boot = self._boot or session.facts["boot_id"]
        return session

    def _keeping(self, session: SshConnection, work: Any) -> Any:
        try:
            return work()
        except Untrusted as error:
            self.lost = str(error.args[0])
            raise
        except LinkCut:
            with self._turn:
                words = self._cut() if session is self._session else self.lost
            raise DeviceFailed(words, "The same call again connects anew.") from None

    def _cut(self) -> str:
        """Find out what became of a link that ended in the middle of something; said once."""
        if self._session is None:
            return self.lost
        reason = self._session.last_words()
        self._session.close()
        self._session = None
        before, self._boot = self._boot, None
        self.lost = f"the link to {self.name} was cut: {reason}"
        try:
            self._session = self._connect(CONNECT_S)
        except DeviceFailed as error:
            self.lost += f" Now {error.args[0]}"
        else:
            self.lost += after_cut(before, self._boot)
        return self.lost


def after_cut(before: str | None, now: str | None) -> str:
    """What the boot ids before and after a cut tell, once the device answers again."""
    if before is not None and now is not None and before != now:
        return " The device has started anew: a reboot, or its power failed."
    return " The device answers again, and was not rebooted."


def in_shell(command: Sequence[str], folder: str) -> str:
    """A command for a login shell of any kind, run in a folder.

    A shell waits for it, so that death by a signal comes back as 128 + its number: ssh itself
    says 255 for that as for a cut link.
    """
    script = f"cd {shlex.quote(folder)} && {shlex.join(command)}; exit $?"
    return f"exec sh -c {shlex.quote(script)}"


def _environment(archive: str) -> list[str]:
    return [f"{key}={value}" for key, value in {**QUIET_ENVIRONMENT, "PYTHONPATH": archive}.items()]
