"""What edgeopt chooses for this machine against the plain tools, on the reference workloads.

    python -m benchmarks.compression.reference [WORKLOAD ...] [--budget quick] [--out FILE]

For each workload `edgeopt.optimize` makes its choice. The plain tools' files (plain.py) are made
of the same float files and calibration samples. Everything is scored on the confirming samples, in
its runtime, as it would be deployed; then all of it is timed in one interleaved schedule, the plain
files with one thread and with all cores.
The figure is the choice's speed against the fastest plain file that stays within the same drop.
FILE is written after each workload; a workload named again is done anew.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import edgeopt
from benchmarks.compression.contest import STEP_S, Contest, geometric_mean
from benchmarks.compression.workloads import WORKLOADS
from benchmarks.one_of import one_of
from edgeopt.domain.errors import EdgeoptError
from edgeopt.domain.run import Constraints
from edgeopt.jobs import interpreter
from edgeopt.pipeline.call import Call
from edgeopt.pipeline.intake import take_in
from edgeopt.pipeline.optimize import optimize

HERE = Path(__file__).parent


def row(name: str, budget: str, place: Path) -> dict[str, Any]:
    """One workload, whole."""
    workload = WORKLOADS[name](place)
    call = Call(
        model=workload.model, targets=("this-machine",), data=workload.data, out=place / "run",
        metric=workload.metric, constraints=Constraints(max_drop=workload.max_drop),
        calibration=workload.calibration, confirm=workload.confirm, budget=budget,
        step_timeout_s=STEP_S, **workload.asks,
    )  # fmt: skip
    began = time.monotonic()
    run = optimize(call, _say)
    took_s = round(time.monotonic() - began, 1)
    scratch = place / "intake"
    scratch.mkdir()
    contest = Contest(take_in(call, scratch, _say), run, place, budget)
    entries = contest.entries()
    return {
        "workload": name,
        "metric": workload.metric,
        "max_drop": workload.max_drop,
        "samples": len(contest.confirm.samples),
        "optimize_s": took_s,
        "choice": run.choices[0].why,
        **contest.verdict(entries),
        "entries": entries,
    }


def _say(what: str, done: int = 0, total: int = 0) -> None:
    print(f"  {what}", file=sys.stderr)


def summary(rows: list[dict[str, Any]]) -> str:
    """The table, and the geometric mean over the workloads."""
    lines = []
    for found in rows:
        lines.append(f"{found['workload']}: {found['choice']}")
        for title, entry in found["entries"].items():
            if "why" in entry:
                lines.append(f"    {title:32} {entry['why'][:100]}")
                continue
            over = entry.get("choice_over_it")
            versus = f"choice {over['ratio']:.2f}x {over['word']}" if over else ""
            mark = " " if entry["holds"] else "!"
            lines.append(
                f"  {mark} {title:32} {entry['p50_ms']:8.3f} ms  score {entry['score']:.3f}  "
                f"drop {entry['drop']:+.4f}  {entry['size_bytes'] / 1e6:6.2f} MB  {versus}"
            )
        lines.append(f"    best plain within the drop: {found['best_plain']}, {found['ratio']}")
    ratios = [found["ratio"] for found in rows if found["ratio"]]
    if ratios:
        lines.append(f"geometric mean over {len(ratios)} workloads: {geometric_mean(ratios):.2f}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("workloads", nargs="*", type=one_of(WORKLOADS))
    parser.add_argument("--budget", default="quick")
    parser.add_argument("--out", type=Path, default=HERE / "reference.json")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        with tempfile.TemporaryDirectory(prefix="edgeopt-reference-") as place:
            found = row(options.workloads[0], options.budget, Path(place))
        options.out.write_text(json.dumps(found))
        return
    for name in options.workloads or WORKLOADS:
        with tempfile.NamedTemporaryFile(suffix=".json") as file:  # PyTorch goes with its process
            module = "benchmarks.compression.reference"
            command = interpreter.command("-m", module, name, "--one", "--budget", options.budget)
            there = interpreter.environment()
            subprocess.run([*command, "--out", file.name], check=True, env=there)
            about = {"python": platform.python_version(), "system": platform.platform()}
            keep(options.out, json.loads(Path(file.name).read_text()), about, list(WORKLOADS))
    print(summary(json.loads(options.out.read_text())["rows"]))


def keep(path: Path, found: dict[str, Any], about: dict[str, Any], order: list[str]) -> None:
    """Replace a workload's row, with the machine that it was measured on; rows in this order."""
    rows = json.loads(path.read_text())["rows"] if path.exists() else []
    here = {**found, "environment": about}
    rows = [own for own in rows if own["workload"] != found["workload"]] + [here]
    rows.sort(key=lambda own: order.index(own["workload"]))
    result = {"v": 2, "edgeopt": edgeopt.__version__, "rows": rows}
    path.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    try:
        main()
    except EdgeoptError as error:
        sys.exit(str(error))
