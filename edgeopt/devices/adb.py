"""A phone by adb: no root, no app. The runner is the same as everywhere, in a Python of its own.

Files go by adb's sync service through adbutils; a runner is the real `adb shell` without a
terminal, whose streams and exit code are the runner's (`shell_v2`, Android 7 and later).
"""

from __future__ import annotations

import shlex
import subprocess
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

from edgeopt.devices import adb_link, android, arm_tree, phone, runner_start
from edgeopt.devices.account import PhoneHealth, PhoneMachine
from edgeopt.devices.adb_connection import PhoneConnection
from edgeopt.devices.answers import clean
from edgeopt.devices.device import MOST_BYTES
from edgeopt.devices.parcel import pack, signature
from edgeopt.domain.device import DeviceEntry
from edgeopt.domain.errors import DeviceFailed, RunnerFailed, Untrusted
from edgeopt.domain.progress import Listener, silent
from edgeopt.jobs.child import QUIET_ENVIRONMENT, describe_exit

FOLDER = "/data/local/tmp/edgeopt"
ABI = "arm64-v8a"

#: Exit codes of `adb` itself where the link ends: of its versions 29 and 36. A runner leaves with 0
#: only when asked to.
CUT = (0, 255)

#: Makes the tree, or finds it made.
MakeTree = Callable[[Listener], Path]


class Adb:
    """See `device.Device`.

    Args:
        tree: makes the Python that is sent.

    Raises:
        BadInput: `entry.link` is no adb link.
        NotInstalled: by the first call that connects, where there is no adb here.
    """

    kind: Literal["measured", "emulated"] = "measured"
    times, answers, needs_preparing = True, True, True

    def __init__(self, name: str, entry: DeviceEntry, tree: MakeTree = arm_tree.tree) -> None:
        self.name, self.link, self.lost = name, entry.link, ""
        self._way = adb_link.parse(entry.link)
        self._root = (entry.folder or FOLDER).rstrip("/")
        self._make_tree = tree
        self._session: PhoneConnection | None = None
        self._sent: dict[Path, tuple[Any, str]] = {}
        self._start: list[str] = []
        self._boot = ""
        self._turn = threading.RLock()

    def reach(self) -> None:
        self._check_abi()  # a session would hold its clocks

    def put(self, path: Path) -> str:
        with self._turn:
            session, seen = self._live(), signature(path)
            if self._sent.get(path, (None, ""))[0] != seen:
                self._sent[path] = seen, self._keeping(lambda: session.put(pack(path)))
            place = self._sent[path][1]
        return place if path.is_dir() else f"{place}/{path.name}"

    def get(self, remote: str, path: Path, most_bytes: int = MOST_BYTES) -> None:
        self._live()
        self._keeping(lambda: self._way.pull(remote, path, most_bytes))

    def remove(self, remotes: Sequence[str]) -> None:
        session = self._live()
        self._keeping(lambda: session.remove(remotes))

    def folder(self) -> str:
        return self._live().scratch

    def start_runner(self, stderr: Path) -> subprocess.Popen[Any]:
        """As `device.Device` says.

        Raises:
            NotInstalled: adb is missing, or the tree cannot be made.
        """
        with self._turn:
            session = self._live()
            archive = self.put(session.runner_zip())
            self._start = self._start or self._keeping(self._starting)
        words = {**QUIET_ENVIRONMENT, "PYTHONPATH": archive, "TMPDIR": session.temporary}
        environment = [f"{key}={value}" for key, value in words.items()]
        command = shlex.join(["env", *environment, *self._start, *runner_start.ARGUMENTS])
        return self._way.start(f"cd {shlex.quote(session.scratch)} && exec {command}", stderr)

    def explain(self, code: int) -> str:
        with self._turn:
            wait_s = 1.0 if code in CUT and not self.lost else 0.0
            if code in CUT and self._session is not None and self._session.is_dead(wait_s):
                self._cut()
        return self.lost if code in CUT and self.lost else describe_exit(code)

    def close(self) -> None:
        with self._turn:
            if self._session is not None:
                self._session.close()
            self._session = None
            self._sent, self._start = {}, []

    # --- what the phone tells beside its runner (`device.Telling`)

    def machine(self) -> PhoneMachine:
        """What `getprop` says."""
        self._live()
        account: PhoneMachine = self._keeping(
            lambda: clean(phone.machine(self._way.run, self._way.serial))
        )
        return account

    def health(self) -> PhoneHealth:
        """Heat, battery, screen and mode."""
        fixed = self._live().fixed_performance
        readings: PhoneHealth = self._keeping(lambda: clean(phone.health(self._way.run, fixed)))
        return readings

    def prepare(self, progress: Listener = silent) -> None:
        """Make the Python that is sent, if it is not there yet, and send it.

        Raises:
            NotInstalled: adb is missing, or the tree cannot be made.
        """
        self._live()  # a phone that is not there is told before anything is fetched for it
        self._make_tree(progress)
        progress(f"sending Python to {self.name}")
        with self._turn:
            self._live()
            self._start = self._start or self._keeping(self._starting)

    # --- the session

    def _starting(self) -> list[str]:
        """The command that starts Python there, on its big cores."""
        session = self._live()
        place = session.tree(self._make_tree(silent))
        cores = phone.big_cores(self._way.run)
        pinned = ["taskset", android.mask(cores)] if cores else []
        return [*pinned, "sh", f"{place}/run"]

    def _live(self) -> PhoneConnection:
        with self._turn:
            if self._session is not None and self._session.is_dead(0.0):
                self._cut()
            if self._session is None:
                self._session = self._connect()
            return self._session

    def _connect(self) -> PhoneConnection:
        session = PhoneConnection(self._way, self._root)
        self._check_abi()
        session.open()
        self._boot = self._boot or session.boot_id
        self._sent, self._start = {}, []
        return session

    def _check_abi(self) -> None:
        self._way.state()
        told = self._way.run(["getprop", "ro.product.cpu.abilist64"]).out.strip()
        if ABI not in told.split(","):
            raise DeviceFailed(
                f"the phone {self._way.serial} runs no {ABI} programs "
                f"({clean(told[:80]) or 'no 64 bits'}).",
                "Only 64-bit ARM phones are measured.",
            )

    def _keeping(self, work: Callable[[], Any]) -> Any:
        """Do something with the phone; where the link ended meanwhile, that is the reason."""
        try:
            return work()
        except Untrusted as error:
            self.lost = str(error.args[0])
            raise
        except DeviceFailed:
            with self._turn:
                if self._session is None or not self._session.is_dead(0.5):
                    raise
                words = self._cut()
            raise DeviceFailed(words, "The same call again connects anew.") from None

    def _cut(self) -> str:
        """Find out what became of a link that ended in the middle of something."""
        assert self._session is not None
        self._session.close()
        self._session, before, self._boot = None, self._boot, ""
        self.lost = f"the link to {self.name} was cut."
        try:
            self._session = self._connect()
        except RunnerFailed as error:
            self.lost += f" Now {error.args[0]}"
        else:
            again = before and self._boot != before
            self.lost += (
                " The phone has started anew: a reboot, or its battery failed."
                if again
                else " The phone answers again, and was not rebooted: a cable, or its adbd."
            )
        return self.lost
