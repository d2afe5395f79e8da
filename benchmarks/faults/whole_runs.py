"""Every small model that once went wrong, through a whole run of the command.

    python -m benchmarks.faults.whole_runs                 # all: about a minute each on two cores
    python -m benchmarks.faults.whole_runs det_concat qdq_in

Writes benchmarks/faults/whole_runs.json: what was seen, and what was wrong with it. Exit status 1
where anything was.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.faults import cases
from benchmarks.faults.case import Case, Outcome
from edgeopt.jobs import interpreter

RESULTS = Path(__file__).with_suffix(".json")
LIMIT_S = 1200


def names() -> list[str]:
    return sorted(found.name for found in pkgutil.iter_modules(cases.__path__))


def load(name: str) -> Case:
    case: Case = importlib.import_module(f"benchmarks.faults.cases.{name}").CASE
    return case


def run(case: Case, folder: Path) -> Outcome:
    """One call of the command in a folder of its own."""
    model, data = case.make(folder)
    words = interpreter.command("-m", "edgeopt.cli", "optimize", model, "--target", case.target)
    words += ["--data", data, "--out", "run", *case.options]
    environment = {**interpreter.environment(), "COLUMNS": "100", **case.environment}
    done = subprocess.run(
        words, cwd=folder, env=environment, capture_output=True, text=True, timeout=LIMIT_S
    )
    return Outcome(done.returncode, done.stdout + done.stderr, _run_of(folder / "run"), folder)


def _run_of(folder: Path) -> dict[str, Any]:
    if not (folder / "run.json").is_file():
        return {}
    found: dict[str, Any] = json.loads((folder / "run.json").read_text("utf-8"))
    lines = (folder / "results.jsonl").read_text("utf-8").splitlines()
    last = {}
    for record in map(json.loads, lines):
        key = (record["target"], record["recipe_id"], record["runtime"], record["precision"])
        last[key] = record
    return {**found, "records": list(last.values())}


def judged(name: str) -> dict[str, Any]:
    """One case: what it came to, and what is wrong."""
    case = load(name)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="edgeopt-fault-") as place:
        outcome = run(case, Path(place))
        wrong = case.right(outcome)
    chosen = outcome.chosen
    return {
        "about": case.about,
        "code": outcome.code,
        "chosen": f"{chosen['runtime']} {chosen['precision']}" if chosen else None,
        "wrong": wrong,
        "seconds": round(time.monotonic() - began, 1),
        "output": outcome.output[-4000:] if wrong else "",
    }


def main(wanted: list[str]) -> int:
    known = json.loads(RESULTS.read_text("utf-8")) if RESULTS.is_file() else {}
    for name in wanted or names():
        known[name] = judged(name)
        print(name, "; ".join(known[name]["wrong"]) or "right", f"{known[name]['seconds']} s")
        kept = {key: known[key] for key in sorted(known)}
        RESULTS.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return any(known[name]["wrong"] for name in wanted or names())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
