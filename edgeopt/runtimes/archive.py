"""ON THE DEVICE AND HOST. Zip archives that models come in: whole, or refused."""

from __future__ import annotations

import zipfile
from os import PathLike
from typing import List, Optional, Union

from edgeopt.runtimes.npz import DAMAGED

#: What a damaged archive raises; bz2 says OSError, too.
_BROKEN = (*DAMAGED, OSError, MemoryError)
#: More than deflate can do with anything that is a model.
_MOST_PACKED, _SMALL = 200, 100_000_000
_CHUNK = 1 << 20


def names(path: Union[str, "PathLike[str]"]) -> Optional[List[str]]:
    """The names in an archive; None where there is no whole table of contents."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    except _BROKEN:
        return None


def damage(path: Union[str, "PathLike[str]"]) -> str:
    """What is wrong with an archive, "" where every entry is as its checksum says.

    Everything is read once; nothing is kept.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
            listed = [info.filename for info in infos]
            if len(set(listed)) < len(listed):
                twice = next(name for name in listed if listed.count(name) > 1)
                return f"{twice[:100]!r} is in it twice"
            for info in infos:
                if found := _of(archive, info):
                    return found
    except _BROKEN as error:
        return f"its table of contents is damaged ({_said(error)})"
    return ""


def _of(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> str:
    """What is wrong with one entry."""
    name = repr(info.filename[:100])
    if info.flag_bits & 1:
        return f"{name} in it is encrypted"
    if info.file_size > max(_SMALL, _MOST_PACKED * info.compress_size):
        return f"{name} in it says that it is {info.file_size / 1e9:.1f} GB unpacked"
    if not info.file_size and info.filename.endswith(".json"):
        return f"{name} in it is empty"
    read = 0
    try:
        with archive.open(info) as entry:
            while chunk := entry.read(_CHUNK):
                read += len(chunk)
    except _BROKEN as error:
        return f"{name} in it is damaged ({_said(error)})"
    return "" if read == info.file_size else f"{name} in it is cut short"


def _said(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:120] if lines else type(error).__name__
