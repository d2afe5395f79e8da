"""The host's end of `runner/keeper.py`: files of one session on a device, through two pipes."""

from __future__ import annotations

import contextlib
import errno
import json
import shlex
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import edgeopt
from edgeopt.devices.parcel import File, Parcel
from edgeopt.domain.errors import DeviceFailed
from edgeopt.jobs.child import kill_group
from edgeopt.runner.keeper import CHUNK, GREETING

SOURCE = Path(edgeopt.__file__).parent / "runner" / "keeper.py"
OLDEST = (3, 9)
TOO_OLD = "edgeopt-too-old"
# Read by any Python, also by one that is too old for the rest. It is started in the user's own
# folder there, from which nothing is imported.
_START = (
    "import sys; sys.path[:] = [p for p in sys.path if p]; v = sys.version_info; "
    "v < {oldest} and sys.exit('{mark} %d.%d.%d' % v[:3]); "
    "exec(compile(sys.stdin.buffer.read({size}), 'keeper', 'exec'))"
)


def command(python: str, folder: str) -> str:
    """What a device's shell starts; the keeper's own text then comes first on its stdin.

    Args:
        folder: where files are kept there; "": the user's cache.
    """
    size = SOURCE.stat().st_size
    start = _START.format(oldest=OLDEST, mark=TOO_OLD, size=size)
    return shlex.join([python, "-c", start, folder])


class LinkCut(Exception):
    """The keeper's pipes ended: it is gone, or the way to it."""


class Keeper:
    """A session that is open on a device. One request at a time.

    Args:
        process: a process whose stdin and stdout are the keeper's, as bytes.

    Raises:
        LinkCut: by every method, where the pipes end.
        DeviceFailed: by every method, where the device has no room or refuses.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._turn = threading.RLock()
        self.noise = ""

    def greet(self, timeout_s: float) -> dict[str, Any]:
        """Start it; what it says of itself and its device (`runner/keeper.py`)."""
        with self._within(timeout_s):
            self._send(SOURCE.read_bytes())
            line = self._line()
            while not line.startswith(GREETING.encode()):
                self.noise += line.decode(errors="replace")
                line = self._line()
        return dict(json.loads(line[len(GREETING) :]))

    def quit(self, timeout_s: float) -> None:
        """End it; the scratch folder is gone then. No error where it is gone itself."""
        with self._turn, contextlib.suppress(LinkCut), self._within(timeout_s):
            self._ask(cmd="quit")

    @contextlib.contextmanager
    def _within(self, timeout_s: float) -> Iterator[None]:
        watch = threading.Timer(timeout_s, kill_group, [self._process])
        watch.start()
        try:
            yield
        finally:
            watch.cancel()

    def put(self, parcel: Parcel) -> str:
        """The folder on the device that holds the files; sent if they are not there yet."""
        files = [(f.name, f.size_bytes, f.sha256) for f in parcel.files]
        with self._turn:
            reply = self._ask(cmd="put", key=parcel.key, files=files)
            if reply["path"] is None:
                for file in parcel.files:
                    self._send_file(file)
                reply = self._reply()
        return str(reply["path"])

    def get(self, remote: str, path: Path) -> None:
        """Bring a file back; it appears whole or not at all."""
        part = path.with_name(f".{path.name}.part")
        with self._turn:
            left = self._ask(cmd="get", path=remote)["size"]
            with part.open("wb") as file:
                while left:
                    block = self._read(min(left, CHUNK))
                    left -= len(block)
                    file.write(block)
        part.replace(path)

    def remove(self, remotes: list[str]) -> None:
        """Remove files of the scratch folder."""
        with self._turn:
            self._ask(cmd="remove", paths=remotes)

    def _ask(self, **request: Any) -> dict[str, Any]:
        self._send(json.dumps(request).encode() + b"\n")
        return self._reply()

    def _reply(self) -> dict[str, Any]:
        reply: dict[str, Any] = json.loads(self._line())
        if not reply["ok"]:
            raise DeviceFailed(*refusal(reply["error"], reply["errno"]))
        return reply

    def _send(self, data: bytes) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(data)
            self._process.stdin.flush()
        except (OSError, ValueError) as error:
            raise LinkCut from error

    def _send_file(self, file: File) -> None:
        left = file.size_bytes
        with file.path.open("rb") as content:
            while left:
                block = content.read(min(left, CHUNK))
                if not block:  # it was written to since it was looked at; it waits for the rest
                    kill_group(self._process)
                    raise DeviceFailed(f"{file.path} became shorter while it was sent.")
                left -= len(block)
                self._send(block)

    def _line(self) -> bytes:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line.endswith(b"\n"):
            raise LinkCut
        return line

    def _read(self, most: int) -> bytes:
        assert self._process.stdout is not None
        block = self._process.stdout.read(most)
        if not block:
            raise LinkCut
        return block


def refusal(error: str, number: int | None) -> tuple[str, str]:
    """A refusal of the keeper in words, and what to do."""
    if number in (errno.ENOSPC, errno.EDQUOT):
        return (
            f"the disk there is full: {error}",
            "Make room there, or keep edgeopt's files on another disk: "
            "`edgeopt devices add ... --folder /path/there`.",
        )
    if number in (errno.EACCES, errno.EPERM, errno.EROFS):
        return (
            f"it may not write there: {error}",
            "Name a folder that it may write to: `edgeopt devices add ... --folder /path/there`.",
        )
    return f"the device could not do it: {error}", ""
