"""Whether an artifact that was timed exceeds the roof of its device: none may.

    python -m benchmarks.roof.exceeded RUN ... [--out exceeded.json]

RUN: folders of `edgeopt optimize` or `edgeopt try` that were timed on this machine. Its roof is
measured first where none is kept. For each candidate: the share of the device's fastest kernel in
the arithmetic that ran, or why it has none. What is above 1 is counted apart: one of the two
figures is wrong, and edgeopt shows no share there.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from edgeopt.benchmarking import roofs
from edgeopt.devices.local import Local
from edgeopt.domain.record import Record
from edgeopt.domain.run import Run
from edgeopt.pipeline import near_roof
from edgeopt.store import run_folder
from edgeopt.store.run_folder import RunFolder

HERE = Path(__file__).parent


def rows(path: Path) -> list[dict[str, Any]]:
    """One for each candidate of a run that was timed."""
    run = run_folder.read(path)
    folder = RunFolder(path)
    timed = [record for record in run.records if record.measured]
    return [row for record in timed if (row := _row(run, record, folder)) is not None]


def _row(run: Run, record: Record, folder: RunFolder) -> dict[str, Any] | None:
    near = near_roof.of(run, record, folder)
    if near is None or record.recipe is None:
        return None
    above = None
    if near.why == "above" and near.multiply_adds and near.ms and near.peak_per_s:
        above = 1000 * near.multiply_adds / near.ms / near.peak_per_s
    return {
        "run": Path(run.folder).name,
        "candidate": str(record.recipe),
        "arithmetic": near.arithmetic,
        "share": near.share,
        "why": near.why,
        "above": above,
    }


def main() -> None:
    """Look, and write what was found with how and where."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, default=HERE / "exceeded.json")
    asked = parser.parse_args()
    with contextlib.closing(Local()) as device:
        peaks = roofs.measured(device, (), lambda *_: None, again=False)
    found = [row for path in asked.runs for row in rows(path)]
    shares = sorted(row["share"] for row in found if row["share"] is not None)
    result = {
        "how": "python -m benchmarks.roof.exceeded RUN ...",
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "load": os.getloadavg()[0],
        "threads": [one.threads for one in peaks],
        "candidates": len(found),
        "with a share": len(shares),
        "highest share": shares[-1] if shares else None,
        "above": [row for row in found if row["above"] is not None],
        "without a share": dict(collections.Counter(row["why"] for row in found if row["why"])),
        "highest of each run": {
            name: max(
                (row for row in found if row["run"] == name and row["share"] is not None),
                key=lambda row: row["share"],
                default=None,
            )
            for name in sorted({row["run"] for row in found})
        },
    }
    asked.out.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
