"""The host's end of `runner/keeper.py`: files of one session on a device, through two pipes."""

from __future__ import annotations

import contextlib
import errno
import json
import shlex
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypedDict

import msgspec
from msgspec import Meta

import edgeopt
from edgeopt.devices.answers import (
    ADVICE,
    Count,
    Few,
    Malformed,
    Place,
    Text,
    Word,
    clean,
    decode,
    shown,
)
from edgeopt.devices.device import MOST_BYTES
from edgeopt.devices.parcel import File, Parcel
from edgeopt.devices.wire import Excess, Gone, Late, Wire
from edgeopt.domain.errors import DeviceFailed, Untrusted
from edgeopt.jobs.process import kill_group
from edgeopt.runner.keeper import CHUNK, GREETING

SOURCE = Path(edgeopt.__file__).parent / "runner" / "keeper.py"
OLDEST = (3, 9)
TOO_OLD = "edgeopt-too-old"
LIMIT_S = 60.0  # for an answer
LEAST_BYTES_S = 20_000.0  # a file that comes slower does not come
LINE_BYTES = 1 << 17
NOISE_BYTES = 1 << 16  # of a login shell, before the greeting
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


class Facts(TypedDict):
    """What a keeper says of its device when it begins."""

    root: Place
    scratch: Place
    python: Text | None
    version: Annotated[list[Few], Meta(min_length=3, max_length=3)]
    environment: Place
    environment_ready: bool
    arch: Annotated[str, Meta(pattern=r"\A[A-Za-z0-9_.-]{0,64}\Z")]
    libc: Annotated[str, Meta(pattern=r"\A[A-Za-z0-9_.-]{0,64}\Z")]
    bits: Annotated[int, Meta(ge=8, le=128)]
    boot_id: Word | None
    others: Few
    clock_s: Annotated[float, Meta(ge=0, le=1e12)]


class Reply(msgspec.Struct):
    """An answer. `n` is the request's own number, so that it is an answer to it."""

    ok: bool
    n: int | None = None
    error: Annotated[str, Meta(max_length=1 << 16)] = ""
    errno: Few | None = None
    path: Place | None = None
    size: Count | None = None


class LinkCut(Exception):
    """The keeper's pipes ended: it is gone, or the way to it."""


class Keeper:
    """A session that is open on a device. One request at a time.

    Args:
        process: a process whose stdin and stdout are the keeper's, as bytes.
        place: whom it speaks for, in sentences.
        limit_s: for an answer; files have more, by their size.

    Raises:
        LinkCut: by every method, where the pipes end.
        DeviceFailed: by every method, where the device has no room or refuses.
        Untrusted: by every method, where it says what is no answer, or nothing in time. The
            process is ended then.
    """

    def __init__(
        self, process: subprocess.Popen[bytes], place: str, limit_s: float | None = None
    ) -> None:
        self._process, self._place = process, place
        self._limit_s = LIMIT_S if limit_s is None else limit_s
        self._wire = Wire(process)
        self._turn = threading.RLock()
        self._number, self._root = 0, ""
        self.noise = ""

    def greet(self, timeout_s: float) -> Facts:
        """Start it; what it says of itself and its device (`runner/keeper.py`).

        What a login shell prints before is in `noise`, as far as it goes.
        """
        deadline = self._wire.due(timeout_s)
        try:
            self._wire.write(SOURCE.read_bytes(), deadline)
            line = self._wire.line(LINE_BYTES, deadline)
            while not line.startswith(GREETING.encode()):
                self.noise += line.decode(errors="replace") + "\n"
                if len(self.noise) > NOISE_BYTES:
                    raise Excess(line)
                line = self._wire.line(LINE_BYTES, deadline)
        except Gone:
            raise LinkCut from None
        except (Late, Excess) as error:
            if isinstance(error, Excess) and error.rest.startswith(GREETING.encode()):
                raise self._lie("greets without an end") from None
            self.noise += error.rest.decode(errors="replace") if isinstance(error, Excess) else ""
            kill_group(self._process)
            raise LinkCut from None
        try:
            facts = decode(line[len(GREETING) :], Facts)
        except Malformed as error:
            raise self._lie(f"greets with what cannot be: {error}") from None
        if not facts["scratch"].startswith(f"{facts['root']}/sessions/"):
            raise self._lie(f"names a scratch folder outside of its own: {facts['scratch'][:80]!r}")
        self._root = facts["root"]
        return facts

    def quit(self, timeout_s: float) -> None:
        """End it; the scratch folder is gone then. No error where it is gone itself."""
        with self._turn, contextlib.suppress(LinkCut, DeviceFailed):
            self._ask("quit", timeout_s)

    def put(self, parcel: Parcel) -> str:
        """The folder on the device that holds the files; sent if they are not there yet."""
        files = [(f.name, f.size_bytes, f.sha256) for f in parcel.files]
        size = sum(f.size_bytes for f in parcel.files)
        with self._turn:
            reply = self._ask("put", self._limit_s, key=parcel.key, files=files)
            if reply.path is None:
                deadline = self._wire.due(self._limit_s + size / LEAST_BYTES_S)
                for file in parcel.files:
                    self._send_file(file, deadline)
                # It has read all by now, and looks at it once more.
                reply = self._reply("put", self._wire.due(self._limit_s + size / LEAST_BYTES_S))
            if reply.path != f"{self._root}/files/{parcel.key}":
                raise self._lie(f"says that it put files elsewhere: {str(reply.path)[:80]!r}")
        return reply.path

    def get(self, remote: str, path: Path, most_bytes: int = MOST_BYTES) -> None:
        """Bring a file back; it appears whole or not at all."""
        part = path.with_name(f".{path.name}.part")
        with self._turn:
            size = self._ask("get", self._limit_s, path=remote).size
            if size is None or size > most_bytes:
                raise self._lie(f"offers a file of {size} bytes, where {most_bytes} are the most")
            deadline = self._wire.due(self._limit_s + size / LEAST_BYTES_S)
            try:
                with part.open("wb") as file:
                    self._told("get", lambda: self._wire.content(size, file.write, deadline))
            except OSError:  # this disk is full: what comes next would be taken for an answer
                kill_group(self._process)
                raise
            else:
                part.replace(path)
            finally:
                part.unlink(missing_ok=True)

    def remove(self, remotes: list[str]) -> None:
        """Remove files of the scratch folder."""
        with self._turn:
            self._ask("remove", self._limit_s, paths=remotes)

    def _ask(self, cmd: str, limit_s: float, **fields: Any) -> Reply:
        self._number += 1
        if early := self._wire.early():
            raise self._lie(f"said {shown(early)} before it was asked to {cmd}")
        deadline = self._wire.due(limit_s)
        asked = json.dumps({"cmd": cmd, **fields, "n": self._number}).encode() + b"\n"
        self._told(cmd, lambda: self._wire.write(asked, deadline))
        return self._reply(cmd, deadline)

    def _reply(self, cmd: str, deadline: float) -> Reply:
        line = self._told(cmd, lambda: self._wire.line(LINE_BYTES, deadline))
        try:
            reply = decode(line, Reply)
        except Malformed:
            raise self._lie(f"answered {cmd} by something else: {shown(line)}") from None
        if reply.n != self._number:
            raise self._lie(f"answered another question than {cmd}: {shown(line)}")
        if not reply.ok:
            raise DeviceFailed(*refusal(clean(reply.error)[:400], reply.errno))
        return reply

    def _told(self, cmd: str, work: Callable[[], Any]) -> Any:
        """Something with the wire; how it ends where the other end does not keep to it."""
        try:
            return work()
        except Gone:
            raise LinkCut from None
        except Excess as error:
            raise self._lie(f"answered {cmd} without an end: {shown(error.rest)}") from None
        except Late:
            raise self._lie(f"was asked to {cmd}, and was not done in time") from None

    def _lie(self, sentence: str) -> Untrusted:
        kill_group(self._process)
        return Untrusted(f"{self._place} {sentence}.", ADVICE)

    def _send_file(self, file: File, deadline: float) -> None:
        left = file.size_bytes
        with file.path.open("rb") as content:
            while left:
                block = content.read(min(left, CHUNK))
                if not block:  # it was written to since it was looked at; it waits for the rest
                    kill_group(self._process)
                    raise DeviceFailed(f"{file.path} became shorter while it was sent.")
                left -= len(block)
                self._told("put", lambda block=block: self._wire.write(block, deadline))  # type: ignore[misc]

    def close(self) -> None:
        """Close the pipes at this end."""
        self._wire.close()


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
