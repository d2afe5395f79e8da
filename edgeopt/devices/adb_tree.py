"""The self-contained Python of `arm_tree` as one file: a phone takes thousands of files slowly."""

from __future__ import annotations

import contextlib
import tarfile
from collections.abc import Iterator
from pathlib import Path

from edgeopt.jobs import scratch


@contextlib.contextmanager
def packed(folder: Path) -> Iterator[tuple[Path, int]]:
    """A tar of what is in a folder, for as long as the context lasts, and its bytes unpacked.

    In GNU's format: toybox of Android 10 knows no other way for long names.
    """
    with scratch.folder("edgeopt-tree-") as place:
        path = Path(place) / "tree.tar"
        size_bytes = 0
        with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as tar:
            for file in sorted(folder.rglob("*")):
                tar.add(file, file.relative_to(folder).as_posix(), recursive=False, filter=_plain)
                size_bytes += file.stat().st_size
        yield path, size_bytes


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Nobody's: who owns it here is nobody's business there."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode |= 0o700 if member.isdir() else 0o600
    return member
