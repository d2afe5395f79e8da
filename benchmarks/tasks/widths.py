"""What a line takes at each stated width, in each runtime that keeps the axis open.

    python -m benchmarks.tasks.widths [RUNTIME ...] [--place runs/tasks] [--lines 96] [--out FILE]

`edgeopt optimize --open-axis x:3=160,320` of the reader of text for one runtime at a time, in
fp32: `sizes` of what it chose. A runtime that cannot follow says why. FILE is written after each.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.one_of import one_of
from benchmarks.tasks.models.table import MODELS
from edgeopt import cli_optimize
from edgeopt.cli_optimize import call_of
from edgeopt.domain.errors import EdgeoptError
from edgeopt.pipeline.optimize import optimize
from edgeopt.pipeline.run_environment import environment, local_machine

RUNTIMES = ("onnxruntime", "openvino", "litert")
OPEN = "x:3=160,320"
#: The reader is converted once for each size: minutes, on a busy machine.
STEP_S = 900


def widths(runtime: str, place: Path, lines: int) -> dict[str, Any]:
    """One runtime: its times by width, or why there are none."""
    prepared = MODELS["text-reader"](place)
    data = prepared.data.with_name(f"first-{lines}.tsv")
    rows = prepared.data.read_text("utf-8").splitlines(keepends=True)[:lines]
    data.write_text("".join(rows), "utf-8")
    command = [str(prepared.model), "--target", "this-machine", "--data", str(data)]
    command += ["--runtime", runtime, "--precision", "fp32", "--quick"]
    command += [*prepared.options, "--open-axis", OPEN, "--step-timeout", str(STEP_S)]
    command += ["--out", str(place / "runs" / f"widths-{runtime}")]
    call = call_of(cli_optimize.optimize.make_context("optimize", command).params)
    run = optimize(call, _say)
    records = [one for one in run.records if one.runtime == runtime]
    sizes = next((one.sizes for one in reversed(records) if one.sizes), ())
    return {
        "runtime": runtime,
        "sizes": msgspec.to_builtins(sizes),
        "reasons": sorted({f"{one.reason} {one.hint}" for one in records if one.reason}),
    }


def _say(what: object, done: int = 0, total: int = 0) -> None:
    if not total:
        print(f"  {what}", file=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("runtimes", nargs="*", type=one_of(RUNTIMES))
    parser.add_argument("--place", type=Path, default=Path("runs/tasks"))
    parser.add_argument("--lines", type=int, default=96)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".json"))
    options = parser.parse_args()
    about: dict[str, Any] = {"v": 1, "environment": environment(local_machine()), "rows": []}
    for runtime in options.runtimes or RUNTIMES:
        about["rows"].append(widths(runtime, options.place.resolve(), options.lines))
        options.out.write_text(json.dumps(about, indent=1) + "\n")
        print(json.dumps(about["rows"][-1]))


if __name__ == "__main__":
    try:
        main()
    except EdgeoptError as error:
        sys.exit(str(error))
