"""What runs that are stored would ship by today's rule; nothing is measured or scored again.

    python -m benchmarks.promise.redecide FOLDER [FOLDER ...]

Reads run.json and results.jsonl. Bounds of older runs were the ends of two-sided intervals; they
are taken as one side. Only what the run confirmed can be judged by both parts: a form that comes
first and was not confirmed is named as such.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import msgspec

from edgeopt.datasets.intervals import ONE_SIDE
from edgeopt.domain.record import Record
from edgeopt.domain.run import Run
from edgeopt.domain.score import Drop
from edgeopt.search import choose, evidence


def records_of(folder: Path) -> list[Record]:
    """The latest of each candidate, as today's rule reads them."""
    lines = (folder / "results.jsonl").read_bytes().splitlines()
    latest = {record.key: record for record in (_record(line) for line in lines)}
    return list(latest.values())


def _record(line: bytes) -> Record:
    record = msgspec.json.decode(line, type=Record)
    return msgspec.structs.replace(
        record, drop=_one_sided(record.drop), confirm_drop=_one_sided(record.confirm_drop)
    )


def _one_sided(drop: Drop | None) -> Drop | None:
    """An older drop of contributions, whose bound is an interval's end, with one side of it."""
    if drop is None or drop.bound is None or drop.bound_by or "bootstrap" not in drop.interval:
        return drop
    bound = drop.judged + ONE_SIDE * (drop.bound - drop.judged)
    return msgspec.structs.replace(drop, bound=bound, bound_by="interval")


def told(folder: Path) -> str:
    """A few lines: what was chosen, and what comes first now."""
    run = msgspec.json.decode((folder / "run.json").read_bytes(), type=Run)
    limits, records = run.request.constraints, records_of(folder)
    lines = []
    for choice in run.choices:
        own = [r for r in records if r.target == choice.target]
        final = [r for r in own if r.latency_ms and r.latency_ms.stage == "final"]
        held = choose.qualifying(final, limits)
        order = choose.in_order(held, limits, choice.baseline_id)
        lines.append(f"{folder.name}: {choice.target}")
        for record in order[:4]:
            ratio = record.versus_baseline.ratio if record.versus_baseline else 1.0
            lost, n = evidence.lost(record)
            was = " (was chosen)" if record.recipe_id == choice.recipe_id else ""
            seen = "both parts" if record.confirm_drop else "choosing part alone"
            lines.append(
                f"  {record.title}{was}: {ratio or 1:.2f} times the baseline, loses {lost:.4f} on "
                f"{n} samples ({seen}), bound {evidence.bound(record) or 0:.4f}, "
                f"{'likely' if choose.likely(record, limits) else 'not told'}"
            )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    for folder in parser.parse_args().folders:
        print(told(folder))


if __name__ == "__main__":
    main()
