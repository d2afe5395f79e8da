"""A disk that is full, or cannot be written for another reason: known by one rule, told as itself.

Told by the number of an error, by the system's own words for it (libraries and programs hand on
nothing else), or by the room that was left while a process worked: many tools write half a file
and say nothing.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import signal
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from edgeopt.domain.errors import CannotWrite, RunnerFailed
from edgeopt.jobs.cache import cache

NUMBERS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)

#: Less than this is none: file systems keep something back, and tools give up early.
LEAST_BYTES = 1 << 20

#: With less than this a failure is not put down to what failed: a tool that met a full disk may
#: swallow that (venv does of its pip), and remove what it wrote before anybody looks.
SCARCE_BYTES = 1 << 24

#: The system's words by which a disk is told; "File too large" others say of their own limits.
_WORDS = {os.strerror(number).lower(): number for number in NUMBERS if number != errno.EFBIG}

_SAID = re.compile(
    rf"(?P<system>{'|'.join(map(re.escape, _WORDS))})|\d+ requested and \d+ written", re.IGNORECASE
)  # the last is numpy's, which drops the error's number

_MENDS = (
    "Make room there, or name another place (--out; TMPDIR for temporary files; EDGEOPT_CACHE for "
    "the tools). Then make the same call again: a run goes on where it stopped."
)


#: Where a child writes besides the temporary folder and the cache: it is told by its parent.
OUTPUTS: list[Path] = []


def told(error: BaseException, outputs: Sequence[Path] = ()) -> CannotWrite | None:
    """The error to raise for one that came of a full or read-only disk, None for any other.

    Args:
        outputs: where was written, besides the temporary folder and the cache.
    """
    for one in _chain(error):
        if isinstance(one, CannotWrite):
            return one
        if isinstance(one, RunnerFailed):  # it may be the disk of a device; `Client` knows
            return None
        if isinstance(one, OSError) and one.errno in NUMBERS:
            return _error(one.errno, _named(one) or _places(outputs))
        found = said(str(one), outputs)
        if found is not None:
            return found
    return None


def said(text: str, outputs: Sequence[Path] = ()) -> CannotWrite | None:
    """The same for what a program or a library printed."""
    found = _SAID.search(text)
    if found is None:
        return None
    number = _WORDS[found["system"].lower()] if found["system"] else _unnumbered()
    return _error(number, _places(outputs))


def _unnumbered() -> int:
    """Which of them it was, where half a file was written and no error is told."""
    import resource  # not on Windows

    bounded = resource.getrlimit(resource.RLIMIT_FSIZE)[0] != resource.RLIM_INFINITY
    return errno.EFBIG if bounded else errno.ENOSPC


def _places(outputs: Sequence[Path]) -> list[Path]:
    return [*outputs, *OUTPUTS, Path(tempfile.gettempdir()), cache()]


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what it came of, nearest first."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _named(error: OSError) -> list[Path]:
    """What an error names: the write of an open file names nothing."""
    names = (error.filename, error.filename2)
    return [Path(os.fsdecode(name)) for name in names if isinstance(name, str | bytes)]


def _error(number: int, places: Sequence[Path]) -> CannotWrite:
    found = [standing(place) for place in places]
    fixed = [place for place in found if is_read_only(place)]
    place = min((number == errno.EROFS and fixed) or found, key=free_bytes)
    room = f"{_amount(free_bytes(place))} free"
    words = {
        errno.ENOSPC: _no_room(found, place, room),
        errno.EDQUOT: f"your quota on the disk of {place} is used up ({room})",
        errno.EFBIG: f"a file below {place} would be larger than the system allows (`ulimit -f`)",
        errno.EROFS: f"{place} is read-only",
    }
    return CannotWrite(f"{words[number]}.", _MENDS)


def _no_room(places: Sequence[Path], place: Path, room: str) -> str:
    """The sentence for a full disk, which may have room again; then its place is a guess."""
    if free_bytes(place) < SCARCE_BYTES:
        return f"no room is left on the disk of {place} ({room})"
    if len(places) == 1:
        return f"no room was left on the disk of {place} when it was written to ({room} now)"
    return f"no room was left on a disk when it was written to (that of {place} has {room} now)"


def standing(place: Path) -> Path:
    """The nearest folder that is there."""
    place = place if place.is_absolute() else Path.cwd() / place
    return next((one for one in (place, *place.parents) if one.is_dir()), Path("/"))


def is_read_only(place: Path) -> bool:
    """Whether the disk of a folder is mounted so."""
    try:
        return bool(os.statvfs(place).f_flag & os.ST_RDONLY)
    except OSError:
        return False


def free_bytes(place: Path) -> int:
    """Room for this user on the disk of a folder, 0 where no file can be made there any more."""
    try:
        disk = os.statvfs(place)
    except OSError:
        return 1 << 62  # gone, or unreadable: that says nothing of its room
    return 0 if disk.f_files and not disk.f_favail else disk.f_bavail * disk.f_frsize


def _amount(count: int) -> str:
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} bytes"


def require_room(places: Iterable[Path]) -> None:
    """Refuse to begin where there is no room.

    Raises:
        CannotWrite: a place is full.
    """
    Watch(places).require(0)


class Watch:
    """Looks at the room of some places while a process works.

    Args:
        places: where it writes, besides the temporary folder.
        perhaps: where it may write: that one of these is full counts where it was not from the
            beginning, and where the process failed.
    """

    def __init__(self, places: Iterable[Path], perhaps: Iterable[Path] = ()) -> None:
        found = (standing(place) for place in (*places, Path(tempfile.gettempdir())))
        self._places = list(dict.fromkeys(found))
        others = (standing(place) for place in perhaps)
        self._perhaps = [place for place in others if free_bytes(place) >= LEAST_BYTES]
        self._full: CannotWrite | None = None
        self._blamed: CannotWrite | None = None
        self._least: dict[Path, int] = {}
        self.look()

    def look(self) -> None:
        """Remember the first place that is full."""
        self._full = self._full or _first_full(self._places)
        self._blamed = self._blamed or _first_full(self._perhaps)
        for place in self._places:
            self._least[place] = min(free_bytes(place), self._least.get(place, 1 << 62))

    def require(self, code: int) -> None:
        """Look again, after a process has ended with this exit code.

        Raises:
            CannotWrite: a place was full meanwhile. That it ended well does not count: what it
                wrote may be cut off, or what a tool does where the first way fails.
        """
        self.look()
        if self._full is None and code == -signal.SIGXFSZ:
            self._full = _error(errno.EFBIG, self._places)
        if self._full is not None:
            raise self._full

    def require_said(self, text: str) -> None:
        """The same of a process that failed, by what it said.

        Raises:
            CannotWrite: it says that a place is full, or one was where it may have written.
        """
        found = said(text, self._places) or self._blamed
        if found is not None:
            raise found

    def require_plenty(self, what: str) -> None:
        """The same of a failure that says nothing of a disk, where there was little room.

        Args:
            what: how it failed.

        Raises:
            CannotWrite: it may have failed by that.
        """
        place = min(self._places, key=lambda one: self._least[one])
        if self._least[place] < SCARCE_BYTES:
            room = f"little room is left on the disk of {place} ({_amount(free_bytes(place))} free)"
            raise CannotWrite(f"{room}, and a step that writes there failed: {what}", _MENDS)


def _first_full(places: Iterable[Path]) -> CannotWrite | None:
    full = next((place for place in places if free_bytes(place) < LEAST_BYTES), None)
    return None if full is None else _error(errno.ENOSPC, [full])


@contextlib.contextmanager
def ending(*outputs: Path) -> Iterator[None]:
    """A full or read-only disk that is met in here is told as itself.

    Args:
        outputs: as of `told`.

    Raises:
        CannotWrite: in place of the error that it was met as.
    """
    try:
        yield
    except OSError as error:
        found = told(error, outputs)
        if found is None:
            raise
        raise found from error
