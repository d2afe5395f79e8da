"""`adb://SERIAL`: the adb server on this machine, and one phone behind it."""

from __future__ import annotations

import contextlib
import functools
import os
import shlex
import subprocess
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeopt.devices.adb_limits import BROKEN, NO_ANSWER, TooMuch, limited, receive, shell
from edgeopt.devices.answers import ADVICE
from edgeopt.devices.device import MOST_BYTES
from edgeopt.domain.errors import BadInput, DeviceFailed, NotInstalled, RunnerFailed, Untrusted
from edgeopt.jobs import disk
from edgeopt.jobs.process import Process

SCHEME = "adb://"
PORT = 5037
LIMIT_S = 60.0  # of a command that is over at once
LEAST_BYTES_S = 20_000.0  # a file that comes or goes slower does neither

#: What the adb server says -> what is the matter with {serial}, and what to do.
TROUBLES = (
    (
        "unauthorized",
        "the phone {serial} does not trust this computer yet.",
        "Unlock it and answer yes to its question; `adb devices` then says `device`.",
    ),
    (
        "offline",
        "the phone {serial} is offline: it hangs, or is starting.",
        "Plug it in anew; `adb reconnect offline` may do.",
    ),
    (
        "not found",
        "adb knows no phone {serial}.",
        "`adb devices` lists those there are. Is USB debugging on, and the cable good for data? "
        "By WLAN: `adb connect ADDRESS:PORT` first.",
    ),
    (
        "FAIL",
        "the phone {serial} did not take a file.",
        "Is there room on it, and may `adb shell` write to the folder?",
    ),
    (
        "connect to adb server",
        "no adb server answers: {said}",
        "`adb start-server` shows why.",
    ),
    (
        "insufficient permissions",
        "this user may not use the phone {serial}: {said}",
        "Linux: `apt-get install android-sdk-platform-tools-common` has the udev rules.",
    ),
)


@dataclass(frozen=True)
class Done:
    """A command that ended there."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class AdbLink:
    """The way to one phone. Every word goes through the phone's shell quoted."""

    serial: str
    host: str
    port: int
    limit_s: float = LIMIT_S

    def argv(self, command: str) -> list[str]:
        """The real client, as a process whose streams and exit code are the command's.

        Raises:
            NotInstalled: there is none.
        """
        there = ["-P", str(self.port)]
        if self.host not in ("127.0.0.1", "localhost"):
            there = ["-H", self.host, *there]
        return [client(), *there, "-s", self.serial, "shell", "-T", command]

    def start(self, command: str, log: Path) -> subprocess.Popen[Any]:
        """Start a command there, its stderr to a log; the process leads a group of its own.

        Raises:
            NotInstalled: there is no adb client.
        """
        return Process(
            self.argv(command), log, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self, command: Sequence[str], limit_s: float | None = None) -> Done:
        """Run one command to its end.

        Raises:
            DeviceFailed: the phone cannot be reached, or it took too long.
            NotInstalled: adb is missing.
        """
        return self.shell(shlex.join(command), limit_s)

    def shell(self, script: str, limit_s: float | None = None) -> Done:
        """As `run`, of a script for the phone's shell: mind the quoting."""
        with self.device(limit_s) as phone, phone.open_transport() as connection:
            code, out, err = shell(connection, script)
        return Done(code, out.decode(errors="replace"), err.decode(errors="replace"))

    def push(self, path: Path, remote: str) -> None:
        """Bring one file there.

        Raises:
            DeviceFailed: the phone did not take it, or cannot be reached.
            NotInstalled: adb is missing.
        """
        with self.device(self.limit_s + path.stat().st_size / LEAST_BYTES_S) as phone:
            phone.sync.push(path, remote, mode=0o755)

    def pull(self, remote: str, path: Path, most_bytes: int = MOST_BYTES) -> None:
        """Bring one file back; it appears whole or not at all.

        Raises:
            DeviceFailed: it is not there, or the phone cannot be reached.
            NotInstalled: adb is missing.
        """
        part = path.with_name(f".{path.name}.part")
        try:
            with (
                self.device(self.limit_s + most_bytes / LEAST_BYTES_S) as phone,
                part.open("wb") as file,
                phone.open_transport() as connection,
            ):
                receive(connection, remote, file.write, most_bytes)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    def state(self) -> str:
        """What the server says of the phone: "device" where all is well.

        Raises:
            DeviceFailed: why it cannot be used.
            NotInstalled: adb is missing.
        """
        with self.device() as phone:
            return str(phone.get_state())

    @contextlib.contextmanager
    def device(self, limit_s: float | None = None) -> Iterator[Any]:
        """The phone, by adbutils; its errors and those of the socket become ours.

        Args:
            limit_s: for all that is done with it; then its connections are closed. None: the
                link's.

        Raises:
            DeviceFailed: what the server or the phone said.
            Untrusted: it said what is no answer, too much, or nothing in time.
        """
        adbutils, limit_s = _adbutils(), limit_s or self.limit_s
        client = limited(adbutils, self.host, self.port, limit_s)
        watch = threading.Timer(limit_s, client.expire)
        watch.daemon = True
        watch.start()
        try:
            yield client.device(self.serial)
        except (FileNotFoundError, PermissionError, RunnerFailed):
            raise  # of a file here
        except OSError as error:
            if error.errno in disk.NUMBERS:
                raise  # here
            raise self._broken(error, client, limit_s) from error
        except TooMuch as error:
            raise self._untrusted(str(error)) from None
        except (adbutils.AdbError, *BROKEN) as error:
            raise self._broken(error, client, limit_s) from error
        finally:
            watch.cancel()

    def _broken(self, error: Exception, client: Any, limit_s: float) -> DeviceFailed:
        """What the server said, or that it said nothing that can be understood."""
        if client.expired or isinstance(error, _adbutils().AdbTimeout | TimeoutError):
            return self._untrusted(f"was not done within {limit_s:.0f} s")
        if isinstance(error, NO_ANSWER) or "Unknown data" in str(error):
            return self._untrusted(f"answered by something else: {str(error)[:80]!r}")
        return trouble(str(error), self.serial)

    def _untrusted(self, what: str) -> Untrusted:
        return Untrusted(f"the phone {self.serial} {what}.", ADVICE)


def trouble(said: str, serial: str) -> DeviceFailed:
    """What the adb server said, as one sentence and what to do about it."""
    for pattern, message, hint in TROUBLES:
        if pattern in said:
            return DeviceFailed(message.format(serial=serial, said=said), hint)
    return DeviceFailed(f"adb and the phone {serial}: {said or 'the connection ended'}")


def parse(link: str) -> AdbLink:
    """The parts of a link. The server is the one that `adb` itself would use.

    Raises:
        BadInput: it is none.
    """
    serial = link.removeprefix(SCHEME)
    odd = not serial.strip() or serial.startswith("-") or not serial.isprintable()
    if not link.startswith(SCHEME) or odd or len(serial) > 255:
        raise BadInput(f"{link!r} is no adb link.", "adb://SERIAL, as `adb devices` lists it.")
    host = os.environ.get("ANDROID_ADB_SERVER_ADDRESS") or "127.0.0.1"
    port = os.environ.get("ANDROID_ADB_SERVER_PORT") or str(PORT)
    if not port.isdigit():
        raise BadInput(f"ANDROID_ADB_SERVER_PORT is {port!r}, no port.")
    return AdbLink(serial, host, int(port))


def client() -> str:
    """The adb program: on the path, or the one that comes with adbutils.

    Raises:
        NotInstalled: neither is there.
    """
    return _client(os.environ.get("PATH", ""))


@functools.cache
def _client(path: str) -> str:
    adbutils = _adbutils()
    try:
        return str(adbutils.adb_path())  # starts what it finds, to see whether it runs
    except adbutils.AdbError:
        hint = "Debian, Ubuntu: apt-get install adb. Else: Android's platform tools on the path."
        raise NotInstalled("a phone is reached by `adb`, and there is none here.", hint) from None


def _adbutils() -> Any:
    try:
        import adbutils
    except ImportError:
        hint = "pip install 'edgeopt[adb]'"
        raise NotInstalled("phones need the package adbutils.", hint) from None
    return adbutils
