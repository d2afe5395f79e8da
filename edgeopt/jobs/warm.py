"""Children that need not import everything anew: forked from a process that has imported it.

Importing PyTorch and its exporter takes longer than exporting a small network. Where many small
models are read and converted one after the other, `jobs/child.py` takes its processes from here:
same limits, same logs, same ends. Runners are forked in the same way, from a process that has
imported their runtime (`devices/forks.py`). Linux alone; elsewhere children are started as ever.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from edgeopt.jobs import interpreter, scratch
from edgeopt.jobs.guarded import GUARD
from edgeopt.jobs.log import Log
from edgeopt.jobs.process import Process, kill_group

_START_S = 60.0
_LOOK_S = 0.1


class ForkedChild:
    """One child: `pid`, `wait` and `poll` as of `jobs.process.Process`.

    Args:
        pipes: the child's ends of its stdin and stdout, where it has any.
    """

    def __init__(
        self, place: str, words: Sequence[str], log: Path, pipes: Sequence[int] = ()
    ) -> None:
        self._log = Log(log)
        self._code: int | None = None
        self._wire = socket.socket(socket.AF_UNIX)
        try:
            self._wire.settimeout(_START_S)
            self._wire.connect(place)
            said = json.dumps(list(words)).encode()
            socket.send_fds(self._wire, [said], [self._log.end, *pipes])
            self.pid = int(self._line())
        finally:
            self._log.started()
        GUARD.keep("group", self.pid)

    def poll(self) -> int | None:
        """Its exit code, None while it works."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.wait(0.0)
        return None

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code; the rest of its group has ended then.

        Raises:
            subprocess.TimeoutExpired: it has not ended.
        """
        if self._code is not None:
            return self._code
        self._wire.settimeout(None if timeout is None else max(timeout, 1e-3))
        try:
            self._code = int(self._line())
        except TimeoutError:
            raise subprocess.TimeoutExpired("a forked child", timeout or 0.0) from None
        except (OSError, ValueError):  # the process that forks has ended, and its children with it
            self._code = -signal.SIGKILL
        self._end()
        return self._code

    def _end(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._wire.close()
        self._log.finish()
        GUARD.forget("group", self.pid)

    def _line(self) -> str:
        found = b""
        while not found.endswith(b"\n"):
            byte = self._wire.recv(1)
            if not byte:
                raise OSError("the process that forks has ended")
            found += byte
        return found.decode()


class Nursery:
    """The process that forks: jobs, or runners of one runtime.

    Args:
        ahead: what jobs will need, imported before the first one.
    """

    def __init__(self, runtime: str = "", ahead: Sequence[str] = ()) -> None:
        self._folder = scratch.make("edgeopt-warm-")
        self.place = str(self._folder / "s")
        from edgeopt.jobs.child import QUIET_ENVIRONMENT

        self._process = Process(
            interpreter.command("-m", "edgeopt.jobs.warm_server", runtime, *ahead),
            self._folder / "server.log",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**interpreter.environment(), **QUIET_ENVIRONMENT, **scratch.environment()},
        )
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{self.place}\n".encode())
        self._process.stdin.flush()

    @property
    def ready(self) -> bool:
        """Whether it can: known when what it begins with is imported, or not within a minute."""
        self.settle(_START_S)
        return not self.imports and self._told

    @functools.cached_property
    def _told(self) -> bool:
        """What it told; asked for only where something is there to read."""
        assert self._process.stdout
        return bool(self._process.stdout.readline() == b"ready\n")

    @property
    def imports(self) -> bool:
        """Whether it has not told yet whether it is ready."""
        if "_told" in self.__dict__:
            return False
        assert self._process.stdout
        return not select.select([self._process.stdout], [], [], 0)[0]

    def settle(self, seconds: float, stop: threading.Event | None = None) -> None:
        """Wait until it tells, or has ended; for so long at most, and until `stop` is set.

        Asked again and again: who else reads what it tells leaves nothing to wait for.
        """
        deadline = time.monotonic() + seconds
        assert self._process.stdout
        with contextlib.suppress(OSError, ValueError):  # it was closed meanwhile
            while self.imports and time.monotonic() < deadline and not (stop and stop.is_set()):
                select.select([self._process.stdout], [], [], _LOOK_S)

    @property
    def alive(self) -> bool:
        return self.ready and self._process.poll() is None

    def close(self) -> None:
        """End it, and what it forked."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()
        kill_group(self._process)
        shutil.rmtree(self._folder, ignore_errors=True)


_turn = threading.Lock()
_users = 0
_nursery: Nursery | None = None


def started(words: Sequence[str], log: Path) -> ForkedChild | None:
    """A forked child, None where children are started as ever.

    So is what comes while the first imports are under way.

    Args:
        words: the arguments of `jobs/child.py`, but the parent's process id.
    """
    global _nursery
    if not _users:
        return None
    try:
        with _turn:
            if _nursery is not None and _nursery.imports:
                return None
            if _nursery is None or not _nursery.alive:
                if _nursery is not None:
                    _nursery.close()
                _nursery = None
                _nursery = Nursery()
            place = _nursery.place if _nursery.alive else ""
        return ForkedChild(place, words, log) if place else None
    except OSError:
        return None


def begin(ahead: Sequence[str] = ()) -> None:
    """From now on children are forked, until as many `end`s.

    Args:
        ahead: packages to import at once, beside whatever else is done; `settle` waits for it.
    """
    global _users, _nursery
    if sys.platform != "linux":
        return
    _users += 1
    with _turn:
        if ahead and _nursery is None:
            with contextlib.suppress(OSError):  # it saves time, and is tried again by the first job
                _nursery = Nursery(ahead=ahead)


def settle(stop: threading.Event | None = None) -> None:
    """Wait until the imports that are under way are done: the children to come need them.

    Not for ever: with imports that hang children are started as ever. Others need not wait.

    Args:
        stop: ends the wait when it is set.
    """
    with _turn:
        nursery = _nursery
    if nursery is not None:
        nursery.settle(_START_S, stop)


def end() -> None:
    """See `begin`."""
    global _users, _nursery
    _users = max(0, _users - 1)
    with _turn:
        if not _users and _nursery is not None:
            _nursery.close()
            _nursery = None


@contextlib.contextmanager
def children(ahead: Sequence[str] = ()) -> Iterator[None]:
    """Within it children are forked. `ahead`: see `begin`."""
    begin(ahead)
    try:
        yield
    finally:
        end()
