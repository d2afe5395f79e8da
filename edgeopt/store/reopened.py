"""Lets a finished run of a folder go on: what was made stays, and is timed together again."""

from __future__ import annotations

import shutil

import msgspec

from edgeopt.domain.record import Record
from edgeopt.domain.run import Request, Run
from edgeopt.store.run_folder import RunFolder


def reopen(folder: RunFolder, earlier: Run, request: Request) -> None:
    """Make a finished run one that has not ended; what it had left out is tried again.

    Each record is as it was when its form was made: figures of time go.

    Args:
        request: the earlier one, or one that leaves out less.
    """
    folder.write_run(msgspec.structs.replace(earlier, request=request, state="running", choices=()))
    first: dict[tuple[str, str, str], Record] = {}
    for record in folder.journal.history():
        if record.status != "skipped":
            first.setdefault(record.key, record)
    folder.journal.replace(first.values())
    shutil.rmtree(folder.path / "measurements" / "asked", ignore_errors=True)
