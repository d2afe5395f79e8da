"""Tries cases one after the other: reads ids from stdin, writes a line of JSON for each.

    echo options/bench-fps-nan | python -m benchmarks.faults.fuzz.lane --stock FOLDER --seed 0

The command line is imported once; each case runs in a fork of this process.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import random
import shutil
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

from benchmarks.faults.fuzz import kinds
from benchmarks.faults.fuzz.call import adopt, call
from benchmarks.faults.fuzz.case import Case
from benchmarks.faults.fuzz.judge import Deed, faults
from benchmarks.faults.fuzz.stock import ALWAYS
from edgeopt.jobs import interpreter

#: What the command line imports when it is used: imported once, before the forks.
WARM = (
    "edgeopt.cli",
    "edgeopt.api",
    "edgeopt.pipeline.optimize",
    "edgeopt.benchmarking.side_by_side",
    "edgeopt.pipeline.comparing",
    "edgeopt.benchmarking.machine_check",
    "edgeopt.report.terminal",
    "edgeopt.report.bench_table",
    "edgeopt.report.explain_table",
    "edgeopt.report.progress",
    "edgeopt.datasets.own_metric",
    "jinja2",
    "tomllib",
    "PIL.Image",
)


def tried(case: Case, stock: Path, scratch: Path, seed: int) -> dict[str, Any]:
    """One case: what it came to, and what is wrong with it."""
    place = Path(tempfile.mkdtemp(prefix="case-", dir=scratch))
    try:
        for name in ("work", "tmp", "home"):
            (place / name).mkdir()
        work = place / "work"
        for name in ALWAYS:
            shutil.copyfile(stock / name, work / name)
        case.make(work, stock, random.Random(f"{seed}/{case.id}"))
        before = listing(place)
        words, whole = _words(case)
        found = call(words, place, case.limit_s, whole)
        deed = Deed(written=changed(before, listing(place)), **found)
        return _line(case, deed, faults(case, deed))
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _words(case: Case) -> tuple[tuple[str, ...], bool]:
    if case.script:
        return (sys.executable, case.script, *case.words), True
    if case.whole:
        return (*interpreter.command("-m", "edgeopt.cli"), *case.words), True
    return case.words, False


def _line(case: Case, deed: Deed, wrong: list[str]) -> dict[str, Any]:
    refusal = [line for line in deed.said.splitlines() if line.lower().startswith("error: ")]
    return {
        "id": case.id,
        "faults": wrong,
        "code": deed.code,
        "refusal": refusal[0][:300] if refusal else "",
        "seconds": round(deed.seconds, 2),
        "peak_mib": round(deed.peak_mib),
        "words": " ".join(case.words)[:400] if wrong else "",
        "said": deed.said[-3000:] if wrong else "",
    }


#: Written by libraries for themselves, whatever edgeopt does.
_NOT_LOOKED_AT = (
    "home/cache",
    "home/.android",
    "tmp/adb.",
    "home/.cache",
    "home/.keras",
    "home/.config",
    "tmp/matplotlib",
)


def listing(place: Path) -> dict[str, tuple[int, int]]:
    """Every file and folder below `place` with its size and time; links are not followed."""
    found = {}
    for folder, folders, files in os.walk(place):
        for name in (*folders, *files):
            path = Path(folder, name)
            told = path.lstat()
            relative = str(path.relative_to(place))
            if relative != "said" and not relative.startswith(_NOT_LOOKED_AT):
                is_file = path.is_file() and not path.is_symlink()
                found[relative] = (told.st_size, told.st_mtime_ns) if is_file else (0, 0)
    return found


def changed(before: dict[str, Any], after: dict[str, Any]) -> tuple[str, ...]:
    """Paths that came, and after a minus those that went or are others now."""
    came = [name for name in after if name not in before]
    other = [f"-{name}" for name in before if after.get(name) != before[name]]
    return tuple(sorted(came) + sorted(other))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--stock", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1")
    for name in WARM:
        importlib.import_module(name)
    adopt()
    known = {case.id: case for case in kinds.cases(asked.seed, asked.stock)}
    with tempfile.TemporaryDirectory(prefix="edgeopt-fuzz-") as scratch:
        for line in sys.stdin:
            case = known[line.removesuffix("\n")]
            try:
                found = tried(case, asked.stock, Path(scratch), asked.seed)
            except Exception as error:  # of the bench: the other cases go on
                traceback.print_exc()
                fault = f"bench: {type(error).__name__}: {error}"
                found = {"id": case.id, "faults": [fault], "code": None, "said": ""}
            print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
