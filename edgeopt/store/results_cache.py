"""Results of earlier runs in the user's cache, by what they depend on: decision 57.

    ROOT/KIND/GROUP/KEY/entry.json, and the files that it names

An entry appears whole or not at all (it is made beside and renamed), and is never changed: several
processes may read and write at once. One whose files are not what was kept is removed and made
again. Whatever goes wrong here is a miss, and never ends a run.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

import msgspec

from edgeopt.domain.model import Value, content_id
from edgeopt.jobs.cache import cache
from edgeopt.sources.source import sha256_file
from edgeopt.store.artifact_files import is_inside

Kind = Literal["artifact", "layers", "score", "schedule"]
KINDS: tuple[Kind, ...] = get_args(Kind)

#: Names the folder, or "off".
SETTING = "EDGEOPT_RESULTS"
#: What is used least goes where there is more than this.
MOST_BYTES = 10 * 1000**3
UNBOUNDED = 2**63

_ENTRY = "entry.json"


class Entry(Value, kw_only=True, frozen=True):
    """What lies in one folder of the cache.

    Attributes:
        group: of the results that are looked through together.
        facts: all that the result depends on. files: path below the folder -> sha256.
        made: when, in ISO 8601.
    """

    v: int = 1
    kind: Kind
    group: str
    facts: dict[str, Any]
    files: dict[str, str]
    size_bytes: int
    made: str


@dataclass(frozen=True)
class Found:
    """An entry; `find` has compared its files with their SHA-256."""

    entry: Entry
    folder: Path

    def require_whole(self) -> None:
        """Compare its files with their SHA-256; a damaged entry is removed. Raises OSError then."""
        if _whole(self.folder) is None:
            raise FileNotFoundError(f"{self.folder} is damaged, or gone")

    def read(self, name: str) -> bytes:
        """A file of it. Raises OSError where another process has removed it meanwhile."""
        return (self.folder / name).read_bytes()


def root() -> Path | None:
    """Where results are kept; None where the user wants none kept."""
    setting = os.environ.get(SETTING, "")
    if setting == "off":
        return None
    return Path(setting) if setting else cache() / "results"


class ResultsCache:
    """All that is kept below one folder; nothing at all where that is None."""

    def __init__(self, place: Path | None) -> None:
        self.place = place

    def find(self, kind: Kind, group: str, facts: Mapping[str, Any]) -> Found | None:
        """The result that depends on just these facts, or None."""
        if self.place is None:
            return None
        found = _whole(self._folder(kind, group, facts))
        if found is None or found.entry.facts != _plain(facts):
            return None
        with contextlib.suppress(OSError):  # when it was used last: `prune` asks
            os.utime(found.folder / _ENTRY)
        return found

    def each(self, kind: Kind, group: str) -> Iterator[Found]:
        """Every result of a group, the latest first; `require_whole` what is taken of them."""
        if self.place is None:
            return
        for folder in sorted((self.place / kind / group).glob("*"), key=_made, reverse=True):
            entry = _entry(folder)
            if entry is not None:
                yield Found(entry, folder)

    def keep(
        self, kind: Kind, group: str, facts: Mapping[str, Any], files: Mapping[str, bytes | Path]
    ) -> bool:
        """Keep a result.

        Args:
            files: path below the entry's folder -> its content, or the file to copy.

        Returns:
            Whether it is kept now; not so where there is no room, or it may not be written.
        """
        if self.place is None:
            return False
        folder = self._folder(kind, group, facts)
        if (folder / _ENTRY).exists():
            return True
        made: Path | None = None
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            made = Path(tempfile.mkdtemp(prefix=".", suffix=".part", dir=folder.parent))
            _fill(made, kind, group, facts, files)
            made.rename(folder)
        except OSError:  # no room, or another process was first
            return (folder / _ENTRY).exists()
        finally:
            if made is not None:
                shutil.rmtree(made, ignore_errors=True)
        return True

    def entries(self) -> list[Found]:
        """All of them, whatever state their files are in; what was used last comes first."""
        if self.place is None:
            return []
        folders = [path.parent for path in self.place.glob(f"*/*/*/{_ENTRY}")]
        read = [(folder, _entry(folder)) for folder in sorted(folders, key=_made, reverse=True)]
        return [Found(entry, folder) for folder, entry in read if entry is not None]

    def size_bytes(self) -> int:
        """Of all files together."""
        return sum(one.entry.size_bytes for one in self.entries())

    def prune(self, most_bytes: int = MOST_BYTES, oldest_s: float | None = None) -> list[Entry]:
        """Remove what was used least, until at most `most_bytes` are left.

        Args:
            oldest_s: what was not used for so many seconds goes in any case.

        Returns:
            What was removed.
        """
        if self.place is None:
            return []
        left, gone, now = 0, [], time.time()
        for one in self.entries():
            left += one.entry.size_bytes
            old = oldest_s is not None and now - _made(one.folder) > oldest_s
            if left > most_bytes or old:
                left -= one.entry.size_bytes
                _remove(one.folder)
                gone.append(one.entry)
        self._sweep()
        return gone

    def verify(self) -> tuple[int, list[Entry]]:
        """Compare every file with its SHA-256; what is damaged is removed.

        Returns:
            (how many are whole, those that were not)
        """
        entries = self.entries()
        damaged = [one.entry for one in entries if _whole(one.folder) is None]
        return len(entries) - len(damaged), damaged

    def _folder(self, kind: Kind, group: str, facts: Mapping[str, Any]) -> Path:
        assert self.place is not None
        return self.place / kind / group / content_id(facts)

    def _sweep(self) -> None:
        """What a process left that was killed while it wrote, an hour ago or earlier."""
        assert self.place is not None
        for part in self.place.glob("*/*/.*.part"):
            with contextlib.suppress(OSError):
                if time.time() - part.stat().st_mtime > 3600.0:
                    shutil.rmtree(part, ignore_errors=True)


def _fill(
    made: Path,
    kind: Kind,
    group: str,
    facts: Mapping[str, Any],
    files: Mapping[str, bytes | Path],
) -> None:
    for name, content in files.items():
        path = made / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            shutil.copyfile(content, path)
    entry = Entry(
        kind=kind,
        group=group,
        facts=_plain(facts),
        files={name: sha256_file(made / name) for name in files},
        size_bytes=sum((made / name).stat().st_size for name in files),
        made=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    (made / _ENTRY).write_bytes(msgspec.json.encode(entry))


def _plain(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Facts as they are read again: a tuple comes back as a list."""
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(facts))
    return plain


def _entry(folder: Path) -> Entry | None:
    try:
        return msgspec.json.decode((folder / _ENTRY).read_bytes(), type=Entry)
    except (OSError, ValueError, RecursionError):
        return None


def _whole(folder: Path) -> Found | None:
    """The entry of a folder; one that is damaged is removed."""
    if not (folder / _ENTRY).exists():
        return None
    entry = _entry(folder)
    if entry is None or not _same_files(folder, entry.files):
        _remove(folder)
        return None
    return Found(entry, folder)


def _same_files(folder: Path, files: Mapping[str, str]) -> bool:
    with contextlib.suppress(OSError):
        return all(
            is_inside(name)
            and not (folder / name).is_symlink()
            and sha256_file(folder / name) == sha256
            for name, sha256 in files.items()
        )
    return False


def _remove(folder: Path) -> None:
    """Out of the way at once, then file by file: nobody finds half of it."""
    with contextlib.suppress(OSError):
        aside = Path(tempfile.mkdtemp(prefix=".", suffix=".part", dir=folder.parent))
        folder.rename(aside / "gone")
        shutil.rmtree(aside, ignore_errors=True)


def _made(folder: Path) -> float:
    with contextlib.suppress(OSError):
        return (folder / _ENTRY).stat().st_mtime
    return 0.0
