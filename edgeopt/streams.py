"""Standard streams that end no run: closed, without a reader, or of an old encoding."""

from __future__ import annotations

import codecs
import errno
import io
import os
import select
import sys
from typing import Any

#: What stands for a sign of the tables where the terminal has no character for it.
_PLAIN = {"✓": "v", "◆": "#", "≈": "~", "×": "x", "−": "-", "–": "-", "—": "-", "…": ".", "→": ">",
          "↑": "^", "·": ".", "’": "'", "±": "+", "°": " "}  # fmt: skip
_HANDLER = "edgeopt-plain"


class _Descriptor(io.RawIOBase):
    """A file descriptor whose failures are kept, not raised: what comes after one is dropped.

    Attributes:
        failed: the first failure that is worth a sentence. A reader that went away
            (`edgeopt report ... | head`) has what it wanted, and is none.
    """

    def __init__(self, number: int) -> None:
        self._number = number
        self.failed: OSError | None = None

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._number

    def isatty(self) -> bool:
        return os.isatty(self._number)

    def write(self, data: Any) -> int:
        try:
            return self._written(data)
        except OSError as error:
            if error.errno != errno.EPIPE:
                self.failed = self.failed or error
            empty = os.open(os.devnull, os.O_WRONLY)
            os.dup2(empty, self._number)
            os.close(empty)
            return len(data)

    def _written(self, data: Any) -> int:
        while True:
            try:
                return os.write(self._number, data)
            except BlockingIOError:  # a pipe that somebody made so: its reader is slow
                select.select([], [self._number], [])


def mend() -> None:
    """Make stdin, stdout and stderr such that writing to them cannot fail."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:  # closed by whoever started it; a log file would get its number
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
    codecs.register_error(_HANDLER, _plain)
    sys.stdout, sys.stderr = _mended(1, sys.stdout), _mended(2, sys.stderr)


def failure() -> OSError | None:
    """Why what was printed did not arrive on stdout; None where it did."""
    sys.stdout.flush()
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    return raw.failed if isinstance(raw, _Descriptor) else None


def _mended(number: int, old: Any) -> io.TextIOWrapper:
    encoding = getattr(old, "encoding", None) or "utf-8"
    buffer = io.BufferedWriter(_Descriptor(number))
    return io.TextIOWrapper(buffer, encoding, _HANDLER, line_buffering=True)


def _plain(error: UnicodeError) -> tuple[str, int]:
    """A codec's error handler: our own signs by their likes, all else by its number."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    characters = error.object[error.start : error.end]
    return "".join(map(_like, characters)), error.end


def _like(character: str) -> str:
    if 0x2800 <= ord(character) < 0x2900:  # Braille, as the spinner turns
        return "*"
    return _PLAIN.get(character) or character.encode("ascii", "backslashreplace").decode()
