"""The host's end of the runner protocol: one request, one reply, a limit on its time and size."""

from __future__ import annotations

import contextlib
import errno
import json
import re
import subprocess
from pathlib import Path
from typing import Any

from edgeopt import runtimes
from edgeopt.devices.answers import Malformed, clean, clock_of, decode, shown, untrusted
from edgeopt.devices.device import Device
from edgeopt.devices.registry import LOCAL
from edgeopt.devices.this_disk import ThisDisk
from edgeopt.devices.wire import Excess, Gone, Late, Wire
from edgeopt.domain.errors import DeviceFailed, OwnFault, RunnerFailed
from edgeopt.harness.plausible import Asked, latest_ns, most_bytes, wrong
from edgeopt.harness.replies import REPLIES, Envelope
from edgeopt.jobs import disk, memory
from edgeopt.jobs.child import last_words, size_of, telling_line
from edgeopt.jobs.process import kill_group

__all__ = ["SHORT_S", "Client", "RunnerFailed"]

SHORT_S = 60.0  # enough for every request that is over at once
CLOSE_S = 0.5
#: What a full disk there sounds like: no artifact is to blame.
FULL = re.compile(rf"\[Errno ({errno.ENOSPC}|{errno.EDQUOT})\]")
#: Requests that no artifact has to do with: where one is not answered, it is the device.
OF_THE_DEVICE = ("hello", "health", "stock", "canary", "readings")
#: Replies with long lists of numbers, and no words.
NUMBERS = ("warmup", "block", "paced", "streams", "infer")


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
        self._wire = Wire(self._process)
        self._clock = clock_of(device)
        self._number, self._last_ns = 0, 0

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def request(self, cmd: str, timeout_s: float, **fields: Any) -> dict[str, Any]:
        """Send a command and wait for its reply, read by its schema in `replies`.

        Raises:
            CannotWrite: a disk of this machine is full, where the runner is of this machine.
            RunnerFailed: an error reply, a dead process, or no reply in `timeout_s`.
            Untrusted: something that is no reply to this, or cannot be true. On this machine that
                is a RunnerFailed of edgeopt's own.
        """
        if self._bound and _reaches_a_gpu(cmd, fields):
            self._bound.lift(self._process.pid)
        if self._replied:  # other runners write to the same log meanwhile
            self._log_start = size_of(self._log)
        began = self._clock()
        line = self._exchange(cmd, timeout_s, fields)
        self._replied = True
        return self._reply(Asked(cmd, fields, self._clock() - began, self._last_ns), line)

    def _exchange(self, cmd: str, timeout_s: float, fields: dict[str, Any]) -> bytes:
        self._number += 1
        asked = json.dumps({"cmd": cmd, **fields, "n": self._number}).encode() + b"\n"
        deadline = self._wire.due(timeout_s)
        if early := self._wire.early():
            raise self._lie(f"said {shown(early)} before it was asked `{cmd}`")
        try:
            self._wire.write(asked, deadline)
            return self._wire.line(most_bytes(cmd, fields), deadline)
        except Gone as error:  # its end of the pipe is closed, or ours after a time-out
            known, words = self._device.lost, self._death(cmd)
            if error.rest and self._left_of_itself(cmd) and self._device.lost == known:
                half = f"left in the middle of its answer to `{cmd}`: {shown(error.rest)}"
                raise self._lie(half) from None
            raise RunnerFailed(words) from None
        except Excess as error:
            more = f"more than {most_bytes(cmd, fields)} bytes"
            raise self._lie(
                f"answered `{cmd}` without an end ({more}): {shown(error.rest)}"
            ) from None
        except Late:
            if cmd in OF_THE_DEVICE and self._device.link != LOCAL:
                raise self._lie(f"did not answer `{cmd}` within {timeout_s:.0f} s") from None
            self.close()
            raise RunnerFailed(
                f"`{cmd}` took longer than its limit of {timeout_s:.0f} s", timed_out=True
            ) from None

    def _left_of_itself(self, cmd: str) -> bool:
        """Whether a runner elsewhere ended well, unasked: that is no crash."""
        elsewhere = cmd in OF_THE_DEVICE and self._device.link != LOCAL
        return elsewhere and self._process.poll() == 0

    def _reply(self, asked: Asked, line: bytes) -> dict[str, Any]:
        cmd = asked.cmd
        try:
            told = decode(line, Envelope)
        except Malformed:
            raise self._lie(f"answered `{cmd}` by something else: {shown(line)}") from None
        if told.n != self._number:
            raise self._lie(f"answered another question than `{cmd}`: {shown(line)}")
        if not told.ok:
            raise self._error(told)
        try:
            reply: dict[str, Any] = decode(line, REPLIES.get(cmd, dict[str, Any]))
        except Malformed as error:
            raise self._lie(f"answered `{cmd}` with what cannot be: {error}") from None
        if why := wrong(asked, reply):
            raise self._lie(f"answered `{cmd}` with what cannot be: {why}")
        self._last_ns = max(self._last_ns, latest_ns(reply))
        return reply if cmd in NUMBERS else clean(reply)

    def _error(self, told: Envelope) -> RunnerFailed:
        """What a runner refused, or failed in."""
        self._require_room(told.error)
        kind, _, said = clean(told.error).partition(": ")
        what = f"{kind}: {telling_line(said)}"[:400]
        if told.own:
            fault = OwnFault.at(what, clean(told.own))
            return RunnerFailed(str(fault.args[0]), hint=fault.hint, own=True)
        if kind == "OSError" and FULL.search(said):
            self._device.lost = f"the disk of {self._device.name} is full: {what}"
            return DeviceFailed(self._device.lost, "Make room there.")
        return self._refused(what)

    def _lie(self, sentence: str) -> Exception:
        self.close()  # what comes next may be the answer to this
        return untrusted(self._device, f"{self._device.name} {sentence}.")

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
        with contextlib.suppress(Gone, Late):
            self._wire.write(b'{"cmd": "quit"}\n', self._wire.due(CLOSE_S))
        self._wire.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(CLOSE_S)
        kill_group(self._process)


def _reaches_a_gpu(cmd: str, fields: dict[str, Any]) -> bool:
    """Whether a request opens a driver that reserves what it likes."""
    if cmd != "open":
        return cmd == "providers"
    if fields["runtime"] not in runtimes.RUNTIMES:
        return False
    spec = runtimes.spec(fields["runtime"])
    if spec.stand_in:
        return True
    return bool(fields["options"].get(spec.provider_option, "CPU") != "CPU")
