"""What edgeopt chooses against libraries' default int8, on models that are judged by a task.

    python -m benchmarks.tasks.contest [MODEL ...] [--place FOLDER] [--budget quick] [--out FILE]

For each model of `benchmarks.tasks.models` `edgeopt optimize` makes its choice at a drop of 1 % on
one set of samples. The libraries' files are made of the same float files and calibration samples.
Everything is scored by the task on held-out samples, in its runtime; then all of it is timed in
one interleaved schedule, the plain files with one thread and with all cores. `decode_ms` is what
the task's decoding of one sample takes in numpy, the same for all of them; `with_decode` is how
many times as fast the choice is with it added on both sides. `shipped` is the score of what the
bundle's run.py answers to the raw images (shipped.py). FILE is written after each model; a
model named again is done anew. Models, data and runs stay in FOLDER.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.compression.contest import OURS, STEP_S, Contest
from benchmarks.compression.reference import keep, summary
from benchmarks.one_of import one_of
from benchmarks.tasks.models.prepared import Prepared
from benchmarks.tasks.models.table import MODELS
from benchmarks.tasks.shipped import shipped
from edgeopt import cli_optimize, decoding
from edgeopt.cli_optimize import call_of
from edgeopt.decoding import answering
from edgeopt.domain.errors import EdgeoptError
from edgeopt.jobs import interpreter
from edgeopt.pipeline.intake import take_in
from edgeopt.pipeline.optimize import optimize
from edgeopt.pipeline.run_environment import environment, local_machine

HERE = Path(__file__).parent
#: Samples whose decoding is timed.
TIMED = 200


def row(name: str, budget: str, models: Path, place: Path) -> dict[str, Any]:
    """One model, whole."""
    prepared = MODELS[name](models)
    call = call_of(_parsed(prepared, budget, models / "runs" / name))
    began = time.monotonic()
    run = optimize(call, _say)
    took_s = round(time.monotonic() - began, 1)
    scratch = place / "intake"
    scratch.mkdir()
    (place / "run").symlink_to(call.out.resolve())
    contest = Contest(take_in(call, scratch, _say), run, place, budget)
    entries = contest.entries()
    decode_ms = _decode_ms(contest)
    for entry in entries.values():
        if "p50_ms" in entry and OURS in entries and "p50_ms" in entries[OURS]:
            own = entries[OURS]["p50_ms"] + decode_ms
            entry["with_decode"] = (entry["p50_ms"] + decode_ms) / own
    return {
        "workload": name,
        "metric": run.data.metric,
        "task": run.data.task.name if run.data.task else "",
        "max_drop": run.request.constraints.max_drop,
        "samples": len(contest.confirm.samples),
        "optimize_s": took_s,
        "decode_ms": decode_ms,
        "choice": run.choices[0].why,
        "shipped": shipped(run, run.choices[0], contest.confirm, scratch),
        **contest.verdict(entries),
        "entries": entries,
    }


def _parsed(prepared: Prepared, budget: str, out: Path) -> dict[str, Any]:
    """The options of the command that a user would type."""
    given = ["--target", "this-machine", "--data", str(prepared.data), "--out", str(out)]
    if prepared.confirm is not None:
        given += ["--confirm", str(prepared.confirm)]
    given += ["--quick"] if budget == "quick" else []
    given += ["--step-timeout", str(STEP_S)]
    command = [str(prepared.model), *given, *prepared.options]
    return cli_optimize.optimize.make_context("optimize", command).params


def _decode_ms(contest: Contest) -> float:
    """Milliseconds in which run.py decodes one sample; 0 where the answers are the outputs."""
    confirm, settled = contest.confirm, contest.confirm.scoring.settled
    if settled is None:
        return 0.0
    facts = msgspec.to_builtins(settled.facts)
    head = decoding.load(facts["head"]) if facts["head"] else None
    places = settled.contexts(confirm.samples)[:TIMED]
    few = [{name: each[i] for name, each in confirm.source.items()} for i in range(len(places))]
    began = time.perf_counter()
    for one, place in zip(few, places, strict=True):
        answering.answered(facts, one, place, head, answering.SURE)
    return (time.perf_counter() - began) * 1e3 / len(few)


def _say(what: object, done: int = 0, total: int = 0) -> None:
    if not total:
        print(f"  {what}", file=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("models", nargs="*", type=one_of(MODELS))
    parser.add_argument("--place", type=Path, default=Path("runs/tasks"))
    parser.add_argument("--budget", default="quick", choices=["quick", "standard"])
    parser.add_argument("--out", type=Path, default=HERE / "contest.json")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.place.mkdir(parents=True, exist_ok=True)
    if options.one:
        with tempfile.TemporaryDirectory(prefix="edgeopt-tasks-") as place:
            found = row(options.models[0], options.budget, options.place, Path(place))
        options.out.write_text(json.dumps(found))
        return
    for name in options.models or MODELS:
        with tempfile.NamedTemporaryFile(suffix=".json") as file:  # PyTorch goes with its process
            module = "benchmarks.tasks.contest"
            command = interpreter.command("-m", module, name, "--one", "--budget", options.budget)
            command += ["--place", str(options.place), "--out", file.name]
            subprocess.run(command, check=True, env=interpreter.environment())
            about = environment(local_machine())
            keep(options.out, json.loads(Path(file.name).read_text()), about, list(MODELS))
    print(summary(json.loads(options.out.read_text())["rows"]))


if __name__ == "__main__":
    try:
        main()
    except EdgeoptError as error:
        sys.exit(str(error))
