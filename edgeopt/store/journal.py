"""The run's journal, results.jsonl: a record a line, appended as it happens.

A later line with the same key replaces an earlier one (a candidate is first recorded
unmeasured, then measured). A torn last line, left by a killed process, is tolerated.
Format history: v1, the first.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from edgeopt.domain.errors import BadInput
from edgeopt.domain.record import RECORD_VERSION, Record


class Journal:
    """Appends and reads records."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, record: Record) -> None:
        """Write a record and wait until it is on the disk."""
        with self.path.open("ab") as file:
            if file.tell() and not _ends_with_newline(self.path):
                file.write(b"\n")  # after a torn line
            file.write(msgspec.json.encode(record) + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def records(self) -> list[Record]:
        """The last record of each key, in the order in which the keys first appeared.

        Raises:
            BadInput: a whole line that is no record, or one of a newer version.
        """
        if not self.path.exists():
            return []
        found: dict[tuple[str, str, str], Record] = {}
        lines = self.path.read_bytes().split(b"\n")
        for number, line in enumerate(lines, 1):
            record = self._parse(line, number, last=number == len(lines))
            if record is not None:
                found[record.key] = record
        return list(found.values())

    def _parse(self, line: bytes, number: int, last: bool) -> Record | None:
        if not line.strip():
            return None
        try:
            version = msgspec.json.decode(line).get("v")
            if isinstance(version, int) and version > RECORD_VERSION:
                raise BadInput(
                    f"{self.path}, line {number}: format {version} is newer than this version of "
                    f"edgeopt understands ({RECORD_VERSION}).",
                    "Update edgeopt.",
                )
            return msgspec.json.decode(line, type=Record)
        except (msgspec.DecodeError, AttributeError) as error:
            # A torn line is the last one, or was followed by a repaired append.
            if last or not line.endswith(b"}"):
                return None
            raise BadInput(f"{self.path}, line {number} is no record: {error}") from None


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
