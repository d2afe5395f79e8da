"""The host's end of the runner protocol: one request, one reply, a limit on its time and size."""

from __future__ import annotations

import contextlib
import errno
import re
import subprocess
from pathlib import Path
from typing import Any, Literal, overload

from edgeopt import runtimes
from edgeopt.devices.answers import Malformed, clean, clock_of, decode, shown, untrusted
from edgeopt.devices.device import Device, forks_of
from edgeopt.devices.registry import LOCAL
from edgeopt.devices.this_disk import ThisDisk
from edgeopt.devices.wire import Excess, Gone, Late, Wire
from edgeopt.domain.errors import DeviceFailed, OwnFault, RunnerFailed
from edgeopt.harness.bandwidth_reply import Bandwidth
from edgeopt.harness.plausible import Exchange, latest_ns, most_bytes, wrong
from edgeopt.harness.protocol import NUMBERS, OF_THE_DEVICE, REPLIES, Envelope, Request
from edgeopt.harness.replies import (
    Block,
    Canary,
    Counted,
    Energy,
    Facts,
    Health,
    Hello,
    Imported,
    Inferred,
    Opened,
    Paced,
    Pages,
    Profile,
    Providers,
    Read,
    Reply,
    Stock,
    Streams,
    Warmed,
)
from edgeopt.jobs import disk, memory
from edgeopt.jobs.child import last_words, size_of, telling_line
from edgeopt.jobs.process import kill_group

__all__ = ["SHORT_S", "Client", "RunnerFailed"]

SHORT_S = 60.0  # enough for every request that is over at once
CLOSE_S = 0.5
#: What a full disk there sounds like: no artifact is to blame.
FULL = re.compile(rf"\[Errno ({errno.ENOSPC}|{errno.EDQUOT})\]")


class Client:
    """One runner process. A context manager: the process ends with it.

    Args:
        forked: the runtime that it has imported when it begins, where the device can fork one.

    Raises:
        DeviceFailed: the device cannot be reached.
    """

    def __init__(self, device: Device, log: Path, forked: str = "") -> None:
        self._device = device
        self._log, self._log_start = log, size_of(log)
        self._replied = False
        self._bound = memory.Bound() if isinstance(device, ThisDisk) else None
        forks = forks_of(device) if forked else None
        self._process = (forks and forks.runner(forked, log)) or device.start_runner(log)
        if self._bound:
            self._bound.hold(self._process.pid)
        self._wire = Wire(self._process)
        self._clock = clock_of(device)
        self._number, self._last_ns = 0, 0

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @overload
    def request(self, cmd: Literal["hello"], timeout_s: float, **fields: Any) -> Hello: ...
    @overload
    def request(self, cmd: Literal["health"], timeout_s: float, **fields: Any) -> Health: ...
    @overload
    def request(self, cmd: Literal["stock"], timeout_s: float, **fields: Any) -> Stock: ...
    @overload
    def request(self, cmd: Literal["import"], timeout_s: float, **fields: Any) -> Imported: ...
    @overload
    def request(self, cmd: Literal["providers"], timeout_s: float, **fields: Any) -> Providers: ...
    @overload
    def request(self, cmd: Literal["open"], timeout_s: float, **fields: Any) -> Opened: ...
    @overload
    def request(self, cmd: Literal["facts"], timeout_s: float, **fields: Any) -> Facts: ...
    @overload
    def request(
        self, cmd: Literal["infer", "roll"], timeout_s: float, **fields: Any
    ) -> Inferred: ...
    @overload
    def request(self, cmd: Literal["inputs"], timeout_s: float, **fields: Any) -> Counted: ...
    @overload
    def request(self, cmd: Literal["warmup"], timeout_s: float, **fields: Any) -> Warmed: ...
    @overload
    def request(self, cmd: Literal["block"], timeout_s: float, **fields: Any) -> Block: ...
    @overload
    def request(self, cmd: Literal["paced"], timeout_s: float, **fields: Any) -> Paced: ...
    @overload
    def request(self, cmd: Literal["streams"], timeout_s: float, **fields: Any) -> Streams: ...
    @overload
    def request(self, cmd: Literal["evict", "fill"], timeout_s: float, **fields: Any) -> Pages: ...
    @overload
    def request(self, cmd: Literal["readings"], timeout_s: float, **fields: Any) -> Read: ...
    @overload
    def request(self, cmd: Literal["canary"], timeout_s: float, **fields: Any) -> Canary: ...
    @overload
    def request(self, cmd: Literal["energy"], timeout_s: float, **fields: Any) -> Energy: ...
    @overload
    def request(self, cmd: Literal["profile"], timeout_s: float, **fields: Any) -> Profile: ...
    @overload
    def request(self, cmd: Literal["bandwidth"], timeout_s: float, **fields: Any) -> Bandwidth: ...
    def request(self, cmd: str, timeout_s: float, **fields: Any) -> Any:
        """Send a command and wait for its reply, read by its schema in `replies`.

        Raises:
            CannotWrite: a disk of this machine is full, where the runner is of this machine.
            RunnerFailed: an error reply, a dead process, or no reply in `timeout_s`.
            Untrusted: something that is no reply to this, or cannot be true. On this machine that
                is a RunnerFailed of edgeopt's own.
        """
        self._number += 1
        request = Request(cmd, fields, self._number)
        if self._bound and _reaches_a_gpu(request):
            self._bound.lift(self._process.pid)
        if self._replied:  # other runners write to the same log meanwhile
            self._log_start = size_of(self._log)
        began = self._clock()
        line = self._exchange(request, timeout_s)
        self._replied = True
        return self._reply(Exchange(request, self._clock() - began, self._last_ns), line)

    def _exchange(self, request: Request, timeout_s: float) -> bytes:
        cmd, most = request.cmd, most_bytes(request)
        deadline = self._wire.due(timeout_s)
        if early := self._wire.early():
            raise self._lie(f"said {shown(early)} before it was asked `{cmd}`")
        try:
            self._wire.write(request.line(), deadline)
            return self._wire.line(most, deadline)
        except Gone as error:  # its end of the pipe is closed, or ours after a time-out
            known, words = self._device.lost, self._death(cmd)
            if error.rest and self._left_of_itself(cmd) and self._device.lost == known:
                half = f"left in the middle of its answer to `{cmd}`: {shown(error.rest)}"
                raise self._lie(half) from None
            raise RunnerFailed(words) from None
        except Excess as error:
            what = f"answered `{cmd}` without an end (more than {most} bytes)"
            raise self._lie(f"{what}: {shown(error.rest)}") from None
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

    def _reply(self, exchange: Exchange, line: bytes) -> Reply:
        cmd = exchange.request.cmd
        try:
            envelope = decode(line, Envelope)
        except Malformed:
            raise self._lie(f"answered `{cmd}` by something else: {shown(line)}") from None
        if envelope.n != exchange.request.number:
            raise self._lie(f"answered another question than `{cmd}`: {shown(line)}")
        if not envelope.ok:
            raise self._error(envelope)
        try:
            reply = decode(line, REPLIES.get(cmd, Reply))
        except Malformed as error:
            raise self._lie(f"answered `{cmd}` with what cannot be: {error}") from None
        if why := wrong(exchange, reply):
            raise self._lie(f"answered `{cmd}` with what cannot be: {why}")
        self._last_ns = max(self._last_ns, latest_ns(reply))
        return reply if cmd in NUMBERS else clean(reply)

    def _error(self, envelope: Envelope) -> RunnerFailed:
        """What a runner refused, or failed in."""
        self._require_room(envelope.error)
        kind, _, words = clean(envelope.error).partition(": ")
        what = f"{kind}: {telling_line(words)}"[:400]
        if envelope.own:
            fault = OwnFault.at(what, clean(envelope.own))
            return RunnerFailed(str(fault.args[0]), hint=fault.hint, own=True)
        if kind == "OSError" and FULL.search(words):
            self._device.lost = f"the disk of {self._device.name} is full: {what}"
            return DeviceFailed(self._device.lost, "Make room there.")
        return self._refused(what)

    def _lie(self, sentence: str) -> Exception:
        self.close()  # what comes next may be the answer to this
        return untrusted(self._device, f"{self._device.name} {sentence}.")

    def _refused(self, what: str) -> RunnerFailed:
        over = self._bound.told(what) if self._bound else ""
        return RunnerFailed(f"{over}: {what}", hint=memory.HINT) if over else RunnerFailed(what)

    def _death(self, cmd: str) -> str:
        try:
            code = self._process.wait(5)
        except subprocess.TimeoutExpired:
            code = 0
        words = f"{self._device.explain(code)}{last_words(self._log, self._log_start)}"
        self._require_room(words, code)
        over = self._bound.told(words, code) if self._bound else ""
        return f"in `{cmd}` it {over}: {words}" if over else f"in `{cmd}` {words}"

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


def _reaches_a_gpu(request: Request) -> bool:
    """Whether a request opens a driver that reserves what it likes."""
    if request.cmd != "open":
        return request.cmd == "providers"
    fields = request.fields
    if fields["runtime"] not in runtimes.RUNTIMES:
        return False
    spec = runtimes.spec(fields["runtime"])
    if spec.stand_in:
        return True
    return bool(fields["options"].get(spec.provider_option, "CPU") != "CPU")
