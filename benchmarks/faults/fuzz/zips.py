"""Damage done to zip archives, so that what every reader of one has to notice is there."""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Iterator

from benchmarks.faults.fuzz.mutate import Damaged

#: Damages after which each entry is still what was put there.
SOUND = ("doubled", "compressed-size")

_LOCAL, _CENTRAL, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"


def broken(whole: bytes, rng: random.Random, flips: int = 12) -> Iterator[Damaged]:
    """Archives that every reader has to refuse: what is in them is not what was put there."""
    yield from _wrong_contents(whole, rng, flips)
    yield from _wrong_fields(whole)
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        names = archive.namelist()
    largest = max(names, key=lambda name: len(_read(whole, name)))
    for name in (names[0], largest, names[-1]):
        short = name.replace("/", "_")[-30:]
        yield f"emptied-{short}", rebuilt(whole, {name: b""})
    yield "no-entries", rebuilt(whole, dict.fromkeys(names))
    yield "doubled", whole[: len(whole) // 2] + whole


def _wrong_contents(whole: bytes, rng: random.Random, flips: int) -> Iterator[Damaged]:
    """A bit turned in what an entry holds, whose checksum then is another."""
    entries = [entry for entry in _entries(whole) if entry[2] > 0]
    for _ in range(flips):
        name, start, size = rng.choice(entries)
        at, bit = start + rng.randrange(size), rng.randrange(8)
        turned = whole[:at] + bytes([whole[at] ^ (1 << bit)]) + whole[at + 1 :]
        if not _differs(turned, name):  # a bit that deflate does not use
            continue
        yield f"crc-{name.replace('/', '_')[-24:]}-{at}-{bit}", turned


def _wrong_fields(whole: bytes) -> Iterator[Damaged]:
    """Fields of the table of contents that say what is not so."""
    at = whole.index(_CENTRAL)
    for what, place, form, value in (
        ("crc-field", 16, "<I", 0xDEADBEEF),
        ("encrypted", 8, "<H", 1),
        ("method-99", 10, "<H", 99),
        ("compressed-size", 20, "<I", 0x7FFFFFFF),
        ("offset", 42, "<I", 0x7FFFFFFF),
        ("name-length", 28, "<H", 0xFFFF),
    ):
        bytes_ = struct.pack(form, value)
        yield what, whole[: at + place] + bytes_ + whole[at + place + len(bytes_) :]
    first = whole.index(_LOCAL)
    flag = struct.pack("<H", 1)
    both = whole[: at + 8] + flag + whole[at + 10 :]
    yield "encrypted-both", both[: first + 6] + flag + both[first + 8 :]
    yield "directory-mark", whole[:at] + b"PK\x01\x09" + whole[at + 4 :]
    end = whole.rindex(_END)
    yield "directory-offset", whole[: end + 16] + b"\xff\xff\xff\x7f" + whole[end + 20 :]
    yield "no-directory", whole[:at]


def _entries(whole: bytes) -> list[tuple[str, int, int]]:
    """(name, where its bytes begin, how many they are) of each entry."""
    found = []
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        for info in archive.infolist():
            lengths = struct.unpack_from("<HH", whole, info.header_offset + 26)
            start = info.header_offset + 30 + sum(lengths)
            found.append((info.filename, start, info.compress_size))
    return found


def _differs(turned: bytes, name: str) -> bool:
    try:
        _read(turned, name)
    except (zipfile.BadZipFile, zlib.error, EOFError):
        return True
    return False


def _read(whole: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        return archive.read(name)


def rebuilt(whole: bytes, changed: dict[str, bytes | None]) -> bytes:
    """A sound archive with entries changed, None: left out."""
    to = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as source, zipfile.ZipFile(to, "w") as target:
        for info in source.infolist():
            content = changed.get(info.filename, source.read(info))
            if content is not None:
                target.writestr(zipfile.ZipInfo(info.filename), content)
        for name in set(changed) - set(source.namelist()):
            target.writestr(zipfile.ZipInfo(name), changed[name] or b"")
    return to.getvalue()


def packed(entries: dict[str, bytes]) -> bytes:
    """A new archive."""
    to = io.BytesIO()
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return to.getvalue()
