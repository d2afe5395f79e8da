"""Connections for runners: a further one for each eight that live at once.

An sshd allows ten sessions a connection as a rule (MaxSessions). Beyond that ssh makes a
connection for each session by itself; but where many start at once the sshd takes some for an
attack and drops them (MaxStartups).
"""

from __future__ import annotations

import contextlib
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edgeopt.devices.ssh_link import SshLink
from edgeopt.devices.wire import Excess, Gone, Late, Wire
from edgeopt.jobs.process import kill_group

NOISE_BYTES = 4096
ROOM = 8  # of ten: one is what holds the connection, one is left for a command
READY_S = 30.0
Spawn = Callable[..., "subprocess.Popen[Any]"]


@dataclass
class _Line:
    """One connection. `holder`: the process that holds it, None for the session's own."""

    socket: Path
    holder: subprocess.Popen[bytes] | None = None
    runners: list[subprocess.Popen[Any]] = field(default_factory=list)

    def has_room(self) -> bool:
        self.runners = [runner for runner in self.runners if runner.poll() is None]
        held = self.holder is None or self.holder.poll() is None
        return held and len(self.runners) < ROOM


class Lines:
    """All connections of one session.

    Args:
        first: the socket of the session's own connection.
    """

    def __init__(self, way: SshLink, first: Path, spawn: Spawn) -> None:
        self._way, self._spawn = way, spawn
        self._lines = [_Line(first)]
        self._turn = threading.Lock()

    def start(self, command: str, log: Path) -> subprocess.Popen[Any]:
        """Start a runner over the first connection that has room."""
        with self._turn:
            line = next((one for one in self._lines if one.has_room()), None) or self._another()
            argv = self._way.argv(line.socket, "ControlMaster=no", "LogLevel=FATAL")
            runner = self._spawn(
                [*argv, command],
                log,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            line.runners.append(runner)
            return runner

    def _another(self) -> _Line:
        """Held by a `cat` there, which ends with its input: when this process ends."""
        first = self._lines[0].socket
        socket = first.with_name(f"{first.name}{len(self._lines)}")
        argv = self._way.argv(socket, "ControlMaster=yes", "LogLevel=FATAL")
        holder = self._spawn(
            [*argv, "exec cat"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        line = _Line(socket, holder)
        self._lines.append(line)
        wire = Wire(holder)
        deadline = wire.due(READY_S)
        try:
            wire.write(b"\n", deadline)
            wire.line(NOISE_BYTES, deadline)
        except Gone:
            pass  # without it ssh still finds a way of its own
        except (Late, Excess):
            kill_group(holder)
        return line

    def close(self) -> None:
        """End all but the session's own."""
        for line in self._lines[1:]:
            assert line.holder is not None
            kill_group(line.holder)
            for stream in (line.holder.stdin, line.holder.stdout):
                with contextlib.suppress(OSError):
                    assert stream is not None
                    stream.close()
