"""The host's end of the runner protocol: one request, one reply, a time limit on each."""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import threading
from pathlib import Path
from typing import Any

from edgeopt import runtimes
from edgeopt.devices.device import Device
from edgeopt.devices.this_disk import ThisDisk
from edgeopt.domain.errors import OwnFault, RunnerFailed
from edgeopt.jobs import disk, memory
from edgeopt.jobs.child import kill_group, last_words, size_of, telling_line

__all__ = ["SHORT_S", "Client", "RunnerFailed"]

SHORT_S = 60.0  # enough for every request that is over at once


class Client:
    """One runner process. A context manager: the process ends with it.

    Raises:
        DeviceFailed: the device cannot be reached.
    """

    def __init__(self, device: Device, log: Path) -> None:
        self._device = device
        self._log, self._log_start = log, size_of(log)
        self._replied = False
        self._bound = memory.Bound() if isinstance(device, ThisDisk) else None
        self._process: subprocess.Popen[Any] = device.start_runner(log)
        if self._bound:
            self._bound.hold(self._process.pid)
        self._lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with contextlib.suppress(ValueError, OSError):
            for line in self._process.stdout:
                self._lines.put(line)
        self._lines.put(None)

    def request(self, cmd: str, timeout_s: float, **fields: Any) -> dict[str, Any]:
        """Send a command and wait for its reply.

        Raises:
            CannotWrite: a disk of this machine is full, where the runner is of this machine.
            RunnerFailed: an error reply, a dead process, no reply in `timeout_s`, or a
                line that is no reply.
        """
        assert self._process.stdin is not None
        if self._bound and _reaches_a_gpu(cmd, fields):
            self._bound.lift(self._process.pid)
        if self._replied:  # other runners write to the same log meanwhile
            self._log_start = size_of(self._log)
        try:
            self._process.stdin.write(json.dumps({"cmd": cmd, **fields}) + "\n")
            self._process.stdin.flush()
        except (OSError, ValueError):  # its end of the pipe is closed, or ours after a time-out
            raise RunnerFailed(self._death(cmd)) from None
        try:
            line = self._lines.get(timeout=timeout_s)
        except queue.Empty:
            self.close()
            raise RunnerFailed(
                f"`{cmd}` took longer than its limit of {timeout_s:.0f} s", timed_out=True
            ) from None
        if line is None:
            raise RunnerFailed(self._death(cmd))
        self._replied = True
        return self._parse(cmd, line)

    def _parse(self, cmd: str, line: str) -> dict[str, Any]:
        try:
            reply = json.loads(line)
        except json.JSONDecodeError:
            reply = None
        if not isinstance(reply, dict) or "ok" not in reply:
            self.close()  # what comes next may be the answer to this
            raise RunnerFailed(f"`{cmd}` was answered by something else: {line[:80]!r}")
        if not reply.pop("ok"):
            self._require_room(reply["error"])
            kind, _, said = reply["error"].partition(": ")
            what = f"{kind}: {telling_line(said)}"[:400]
            if reply.get("own"):
                fault = OwnFault.at(what, reply["own"])
                raise RunnerFailed(str(fault.args[0]), hint=fault.hint, own=True)
            raise self._refused(what)
        return reply

    def _refused(self, what: str) -> RunnerFailed:
        wanted = self._bound.told(what) if self._bound else ""
        return RunnerFailed(f"{wanted}: {what}", hint=memory.HINT) if wanted else RunnerFailed(what)

    def _death(self, cmd: str) -> str:
        try:
            code = self._process.wait(5)
        except subprocess.TimeoutExpired:
            code = 0
        words = f"{self._device.explain(code)}{last_words(self._log, self._log_start)}"
        self._require_room(words, code)
        wanted = self._bound.told(words, code) if self._bound else ""
        return f"in `{cmd}` it {wanted}: {words}" if wanted else f"in `{cmd}` {words}"

    def _require_room(self, words: str, code: int = 0) -> None:
        """Tell a full disk of this machine from a runner that failed.

        Raises:
            CannotWrite: there is no room.
        """
        if isinstance(self._device, ThisDisk):
            room = disk.Watch([self._log.parent])
            room.require_said(words)
            room.require(code)

    def close(self) -> None:
        """End the runner: politely, then not."""
        with contextlib.suppress(OSError, ValueError):
            assert self._process.stdin is not None
            self._process.stdin.write('{"cmd": "quit"}\n')
            self._process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(0.5)
        kill_group(self._process)


def _reaches_a_gpu(cmd: str, fields: dict[str, Any]) -> bool:
    """Whether a request opens a driver that reserves what it likes."""
    if cmd != "open":
        return cmd == "providers"
    runtime = fields["runtime"]
    if runtime in runtimes.STAND_INS or runtime not in runtimes.RUNTIMES:
        return runtime in runtimes.STAND_INS
    chosen = getattr(runtimes.load(runtime), "PROVIDER_OPTION", "")
    return bool(fields["options"].get(chosen, "CPU") != "CPU")
