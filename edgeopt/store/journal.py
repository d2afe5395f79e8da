"""The run's journal, results.jsonl: a record a line, appended as it happens.

A later line with the same key replaces an earlier one (a candidate is first recorded
unmeasured, then measured). Only the last line can be torn, by a killed process: it is read
over, and the next append takes its place. So a broken line anywhere else means damage, and is
refused: what it said is lost, and nobody would notice.
Format history (`RECORD_VERSION`): v1, the first; v2, with energy, and findings of the machine. A
line of v1 is read as one of v2 that has neither.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from io import FileIO
from pathlib import Path

import msgspec

from edgeopt.domain.errors import BadInput
from edgeopt.domain.record import RECORD_VERSION, Record
from edgeopt.store import atomic, old_reasons, stored


class Journal:
    """Appends and reads records."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, record: Record) -> None:
        """Write a record and wait until it is on the disk."""
        self.path.touch()
        with self.path.open("r+b", buffering=0) as file:
            _to_a_fresh_line(file)
            before = file.tell()
            try:
                line = msgspec.json.encode(record) + b"\n"
                while line:
                    line = line[file.write(line) :]
                os.fsync(file.fileno())
            except OSError:
                with contextlib.suppress(OSError):
                    os.ftruncate(file.fileno(), before)  # no half line where there is no room
                raise

    def records(self) -> list[Record]:
        """The last record of each key, in the order in which the keys first appeared.

        Raises:
            BadInput: a line that is no record, or one of a newer version.
        """
        return list({record.key: record for record in self.history()}.values())

    def history(self) -> list[Record]:
        """Every line, those that a later one replaces, too.

        Raises:
            BadInput: as `records`.
        """
        *lines, last = stored.content(self.path).split(b"\n")
        if _is_whole(last):
            lines.append(last)
        return [self._parse(line, number) for number, line in enumerate(lines, 1) if line.strip()]

    def replace(self, records: Iterable[Record]) -> None:
        """Write these in place of all that there is."""
        text = b"".join(msgspec.json.encode(record) + b"\n" for record in records)
        atomic.write(self.path, text)

    def _parse(self, line: bytes, number: int) -> Record:
        try:
            version = msgspec.json.decode(line, type=_Versioned).v
            if version <= RECORD_VERSION:
                return old_reasons.with_value(msgspec.json.decode(line, type=Record))
        except (ValueError, RecursionError) as error:  # msgspec's errors, and Unicode's
            raise BadInput(
                f"{self.path}, line {number} is no record: {stored.said(error)}",
                "The file was damaged or edited; without that line the rest can be read.",
            ) from None
        raise BadInput(
            f"{self.path}, line {number}: format {version} is newer than this version of "
            f"edgeopt understands ({RECORD_VERSION}).",
            "Update edgeopt.",
        )


class _Versioned(msgspec.Struct):
    v: int = RECORD_VERSION


def _is_whole(line: bytes) -> bool:
    """Whether a line is complete but for its end: no part of an object is one itself."""
    try:
        msgspec.json.decode(line)
    except (ValueError, RecursionError):
        return False
    return True


def _to_a_fresh_line(file: FileIO) -> None:
    """Go to the file's end, after a whole line: a torn one is cut off."""
    content = file.read()
    start = content.rfind(b"\n") + 1
    last = content[start:]
    if last and _is_whole(last):
        file.seek(0, os.SEEK_END)
        file.write(b"\n")
    else:
        file.truncate(start)
        file.seek(start)
