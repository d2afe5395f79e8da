"""What a process says on stderr goes to a log, up to a limit; the rest is read and let go.

A device that prints without end fills no disk here, and is not stopped by a full pipe either.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
import weakref
from pathlib import Path
from typing import IO, Any

MOST_BYTES = 16 << 20  # of a log that several processes may share
TAIL_BYTES = 4096  # the end is told all the same: it says why a process died
CHUNK = 1 << 16

_threads: weakref.WeakKeyDictionary[subprocess.Popen[Any], threading.Thread] = (
    weakref.WeakKeyDictionary()
)


def follow(
    process: subprocess.Popen[Any], log: Path, most_bytes: int = MOST_BYTES
) -> subprocess.Popen[Any]:
    """Copy what a process says into a log, for as long as it says something.

    Args:
        process: started with a pipe on stderr.
        most_bytes: of the log; from there on only the end of what is said is kept.
    """
    assert process.stderr is not None
    log.parent.mkdir(parents=True, exist_ok=True)
    copy = threading.Thread(target=_copy, args=(process.stderr, log, most_bytes), daemon=True)
    _threads[process] = copy
    copy.start()
    return process


def settle(process: subprocess.Popen[Any], within_s: float = 1.0) -> None:
    """Wait until all that an ended process has said is in its log."""
    copy = _threads.get(process)
    if copy is not None:
        copy.join(within_s)


def _copy(source: IO[Any], log: Path, most_bytes: int) -> None:
    left_out, tail = 0, b""
    with source, log.open("ab", buffering=0) as file:
        while block := _read(source):
            room = most_bytes - os.fstat(file.fileno()).st_size
            with contextlib.suppress(OSError):  # a full disk here: nothing is told, nothing stops
                file.write(block[: max(0, room)])
            if len(block) > room:
                left_out += len(block) - max(0, room)
                tail = (tail + block[max(0, room) :])[-TAIL_BYTES:]
        if left_out:
            with contextlib.suppress(OSError):
                file.write(f"\n[{left_out - len(tail)} bytes are left out]\n".encode() + tail)


def _read(source: IO[Any]) -> bytes:
    try:
        return os.read(source.fileno(), CHUNK)
    except (OSError, ValueError):
        return b""
