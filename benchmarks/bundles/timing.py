"""run.py --benchmark beside the record, and beside the harness's own loop at the same time."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

import edgeopt.runner
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.tensor import Binding

PAIRS = 8


def against_record(bundle: Path, inputs: dict[str, np.ndarray], place: Path) -> dict[str, Any]:
    """Both comparisons.

    The record is of another minute. So launches of run.py's loop alternate with launches of
    the runner of edgeopt, on the same file, options and inputs: their ratio is what is left of
    method, whatever the machine does meanwhile.
    """
    place.mkdir(parents=True)
    np.savez(place / "in.npz", **{name: array[:8] for name, array in inputs.items()})
    command = [sys.executable, str(bundle / "run.py"), "--benchmark", str(place / "in.npz")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    ratios = []
    for number in range(PAIRS):
        turns = [_by_run_py(command), _by_runner(bundle, place)] if number % 2 else None
        turns = turns or [_by_runner(bundle, place), _by_run_py(command)][::-1]
        ratios.append(turns[0] / turns[1])
    logs = np.log(ratios)
    rng = np.random.default_rng(0)
    drawn = np.median(rng.choice(logs, (2000, len(logs))), axis=1)
    low, high = np.exp(np.quantile(drawn, [0.025, 0.975]))
    return {
        "said": [line for line in done.stderr.splitlines() if not line.startswith("launch")],
        "figures": {key: told[key] for key in ("p50_ms", "p50_low_ms", "p50_high_ms", "n")},
        "recorded": {key: told["recorded"][key] for key in ("p50", "p50_low", "p50_high")},
        "against_record": told["against_record"],
        "over_the_harness_side_by_side": {
            "ratio": round(float(np.exp(np.median(logs))), 4),
            "low": round(float(low), 4),
            "high": round(float(high), 4),
            "pairs": PAIRS,
        },
    }


def _by_run_py(command: list[str]) -> float:
    done = subprocess.run(
        [*command, "--benchmark-launch"], capture_output=True, text=True, check=True
    )
    blocks = json.loads(done.stdout.splitlines()[-1])
    return statistics.median(t for block in blocks for t in block)


def _by_runner(bundle: Path, place: Path) -> float:
    """One launch of the runner: the same warm-up and blocks, its own session."""
    manifest = json.loads((bundle / "manifest.json").read_text())
    recipe = msgspec.convert(manifest["recipe"], Recipe)
    bindings = msgspec.convert(manifest["inputs"], tuple[Binding, ...])
    schedule = manifest["measured"]["schedule"]
    files = _feeds(bundle, place, bindings)
    asked = [
        {"cmd": "inputs", "files": files, "count": 8},
        {
            "cmd": "open", "runtime": recipe.runtime, "path": str(bundle / manifest["artifact"]),
            "threads": recipe.threads, "options": dict(recipe.options), "affinity": recipe.affinity,
        },
        {"cmd": "warmup", "runs": schedule["warmup_runs"], "seconds": schedule["warmup_s"]},
    ]  # fmt: skip
    with subprocess.Popen(
        [sys.executable, "-m", edgeopt.runner.__name__],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        replies = [_reply(process, one) for one in asked]
        typical = statistics.median(replies[-1]["t_ns"])
        size = max(schedule["block_runs"], round(schedule["block_s"] * 1e9 / typical))
        size = max(1, min(size, int(schedule["block_most_s"] * 1e9 / typical)))
        settling, times = schedule["settling"], []
        for _ in range(schedule["rounds"]):
            times += _reply(process, {"cmd": "block", "count": settling + size})["t_ns"][settling:]
        assert process.stdin is not None
        process.stdin.close()
    return statistics.median(times)


def _reply(process: Any, request: dict[str, Any]) -> dict[str, Any]:
    process.stdin.write(json.dumps(request) + "\n")
    process.stdin.flush()
    reply: dict[str, Any] = json.loads(process.stdout.readline())
    if not reply.get("ok", True):
        raise RuntimeError(str(reply))
    return reply


def _feeds(bundle: Path, place: Path, bindings: tuple[Binding, ...]) -> list[str]:
    """The samples of in.npz in the file's form, as the harness writes them."""
    from edgeopt.harness.feed import Feed

    with np.load(place / "in.npz") as given:
        source = json.loads((bundle / "manifest.json").read_text())["source"]
        shapes = {one["name"]: [dim or 1 for dim in one["shape"]] for one in source["inputs"]}
        names = list(given) if len(shapes) > 1 else list(shapes)
        arrays = {
            name: given[own].reshape(len(given[own]), *shapes[name])
            for name, own in zip(names, given, strict=True)
        }
    return [str(path) for path in Feed(arrays, place / "feeds").files(bindings)]
