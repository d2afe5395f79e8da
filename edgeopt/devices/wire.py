"""The two pipes of a process at a device's end: never more than agreed, never longer than agreed.

Nothing that another machine sends is read but through here. A line has a limit of bytes, a file
has its size, and both have a deadline for all of it: one that sends a byte a second has not
answered in time.
"""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import time
from collections.abc import Callable
from typing import IO, Any, Protocol

CHUNK = 1 << 16
Clock = Callable[[], float]


class Gone(Exception):
    """The other end closed; what it said until then is `rest`."""

    def __init__(self, rest: bytes = b"") -> None:
        super().__init__()
        self.rest = rest


class Late(Exception):
    """It was not done by the deadline; what it said until then is `rest`."""

    def __init__(self, rest: bytes = b"") -> None:
        super().__init__()
        self.rest = rest


class Excess(Exception):
    """A line was longer than agreed; `rest` is how it began."""

    def __init__(self, rest: bytes) -> None:
        super().__init__()
        self.rest = rest


class Piped(Protocol):
    """A process with pipes on stdin and stdout."""

    @property
    def stdin(self) -> IO[Any] | None: ...
    @property
    def stdout(self) -> IO[Any] | None: ...


class Wire:
    """Reads and writes bytes. One user at a time.

    Args:
        process: started with pipes on stdin and stdout; nobody else reads or writes them.
        clock: seconds, for deadlines.
    """

    def __init__(self, process: Piped, clock: Clock = time.monotonic) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._stdin, self._stdout = process.stdin, process.stdout
        self._clock = clock
        self._rest = bytearray()
        os.set_blocking(self._stdin.fileno(), False)

    def due(self, seconds: float) -> float:
        """The deadline of something that may take so long from now on."""
        return self._clock() + seconds

    def early(self) -> bytes:
        """What is there already, although nothing was asked; b"" where nothing is."""
        with contextlib.suppress(Gone, Late):
            if not self._rest:
                self._more(self._clock())
        return bytes(self._rest[:CHUNK])

    def line(self, most: int, deadline: float) -> bytes:
        """The next line, without its end.

        Raises:
            Gone, Late, Excess: it is longer than `most` bytes.
        """
        seen = 0
        while (end := self._rest.find(b"\n", seen)) < 0:
            if len(self._rest) > most:
                raise Excess(bytes(self._rest[:CHUNK]))
            seen = len(self._rest)
            self._more(deadline)
        if end > most:
            raise Excess(bytes(self._rest[:CHUNK]))
        found = bytes(self._rest[:end])
        del self._rest[: end + 1]
        return found

    def content(self, size: int, sink: Callable[[bytes], Any], deadline: float) -> None:
        """Exactly so many bytes, given to `sink` as they come.

        Raises:
            Gone, Late.
        """
        left = size
        while left:
            if not self._rest:
                self._more(deadline)
            block = bytes(self._rest[:left])
            del self._rest[:left]
            left -= len(block)
            sink(block)

    def write(self, data: bytes, deadline: float) -> None:
        """Send all of it.

        Raises:
            Gone, Late: the other end does not take it.
        """
        view = memoryview(data)
        while view:
            try:
                descriptor = self._stdin.fileno()
                self._wait(descriptor, select.POLLOUT, deadline)
                view = view[os.write(descriptor, view[:CHUNK]) :]
            except BlockingIOError:
                continue
            except (OSError, ValueError):  # ValueError: closed at this end
                raise Gone from None

    def close(self) -> None:
        """Close both pipes at this end; what was not read is forgotten."""
        self._rest.clear()
        for stream in (self._stdin, self._stdout):
            with contextlib.suppress(OSError, ValueError):
                stream.close()

    def _more(self, deadline: float) -> None:
        try:
            descriptor = self._stdout.fileno()
            self._wait(descriptor, select.POLLIN, deadline)
            block = os.read(descriptor, CHUNK)
        except (OSError, ValueError):  # ValueError: closed at this end
            block = b""
        if not block:
            rest = bytes(self._rest[:CHUNK])
            self._rest.clear()
            raise Gone(rest)
        self._rest += block

    def _wait(self, descriptor: int, event: int, deadline: float) -> None:
        poll = select.poll()
        poll.register(descriptor, event)
        left_ms = max(0, round((deadline - self._clock()) * 1000))
        if not poll.poll(left_ms):
            raise Late(bytes(self._rest[:CHUNK]))


def everything(
    process: subprocess.Popen[Any], most: int, limit_s: float, clock: Clock = time.monotonic
) -> bytes:
    """What a process prints on stdout until it ends, for one that takes no input.

    Raises:
        Late, Excess: it prints more than `most` bytes.
    """
    assert process.stdout is not None
    found, deadline = bytearray(), clock() + limit_s
    poll = select.poll()
    poll.register(process.stdout.fileno(), select.POLLIN)
    while len(found) <= most:
        if not poll.poll(max(0, round((deadline - clock()) * 1000))):
            raise Late(bytes(found[:CHUNK]))
        block = os.read(process.stdout.fileno(), CHUNK)
        if not block:
            return bytes(found)
        found += block
    raise Excess(bytes(found[:CHUNK]))
