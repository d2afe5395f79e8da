"""What a process prints, kept in a file: its beginning and its end where it is long."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path

HEAD_BYTES = 1 << 20
TAIL_BYTES = 1 << 18
MOST_BYTES = 8 << 20
"""Of a file that many processes write to: from then on only the ends are kept."""

_CHUNK = 1 << 16


class Log:
    """Appends what comes through a pipe to a file, by a thread of its own.

    A disk that is full is no trouble of who prints: what cannot be kept is dropped.

    Attributes:
        end: the descriptor that the process writes to; `started` closes our copy of it.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Unbuffered, and at the end whatever others write: several processes may share a log.
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self._room = max(0, min(HEAD_BYTES, MOST_BYTES - os.fstat(self._file).st_size))
        self._tail, self._dropped = bytearray(), 0
        source, self.end = os.pipe()
        self._thread = threading.Thread(target=self._read, args=(source,), daemon=True)

    def started(self) -> None:
        """The process has its end now; ours would keep the pipe open."""
        os.close(self.end)
        self._thread.start()

    def finish(self, wait_s: float = 1.0) -> None:
        """Wait until all is in the file, after the process and what it started have ended."""
        self._thread.join(wait_s)

    def _read(self, source: int) -> None:
        with contextlib.suppress(OSError):
            while chunk := os.read(source, _CHUNK):
                self._take(chunk)
        os.close(source)
        self._write(self._ending())
        os.close(self._file)

    def _take(self, chunk: bytes) -> None:
        head, rest = chunk[: self._room], chunk[self._room :]
        self._room -= len(head)
        self._write(head)
        self._tail += rest
        if len(self._tail) > 2 * TAIL_BYTES:
            self._drop()

    def _drop(self) -> None:
        over = max(0, len(self._tail) - TAIL_BYTES)
        self._dropped += over
        del self._tail[:over]

    def _ending(self) -> bytes:
        self._drop()
        said = f"\n[{self._dropped:,} bytes of this output were not kept]\n".encode()
        return (said if self._dropped else b"") + bytes(self._tail)

    def _write(self, content: bytes) -> None:
        with contextlib.suppress(OSError):
            while content:
                content = content[os.write(self._file, content) :]
