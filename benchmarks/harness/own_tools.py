"""Our p50 against each runtime's own tool, on the same files at the same time.

    python -m benchmarks.harness.own_tools [--size "0.1 ms"] [--runtime NAME] [--pairs 12]

The fp32 artifacts of `small_net.py` are timed, one thread: models of about 0.1 and 5 ms. A pair
is one run of the tool and one launch of ours, of about `--seconds` each. The tool starts when ours
begins to measure; then one of them runs while the other is stopped (SIGSTOP), 0.1 s each in random
order: so both see the same machine. The figure is the median over pairs of ln(ours / the tool's).
The tools: OpenVINO's benchmark_app (sync, latency hint) and LiteRT's litert-benchmark, both from
their wheels; ONNX Runtime's wheel has none, so a bare Python loop stands for one. The tools time
random inputs, as ours does here. A row that is made again takes the place of the earlier one.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import random
import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import edgeopt
from benchmarks.harness import small_net, turns
from edgeopt.benchmarking.side_by_side import bench
from edgeopt.domain.progress import Listener, silent
from edgeopt.harness.budget import SCREEN
from edgeopt.jobs import interpreter
from edgeopt.stats.quantile import median, median_interval
from edgeopt.store import run_folder

HERE = Path(__file__).parent
OPENVINO_CONFIG = {"INFERENCE_NUM_THREADS": "1", "INFERENCE_PRECISION_HINT": "f32"}

# Both tools print to 10 us, too coarse for a model of 0.1 ms: their figures are taken before.
OPENVINO = """
import statistics, time
import openvino
from openvino.tools.benchmark import benchmark, main
loop, infer, calls = benchmark.Benchmark.main_loop, openvino.InferRequest.infer, []
def timed(self, *arguments):
    start = time.perf_counter_ns()
    infer(self, *arguments)
    calls.append(time.perf_counter_ns() - start)
def told(self, *arguments):
    result = loop(self, *arguments)
    print(f"exact median: {result[1]} ms")
    print(f"around the call: {statistics.median(calls) / 1e6} ms")
    return result
openvino.InferRequest.infer, benchmark.Benchmark.main_loop = timed, told
main.main()
"""

LITERT = """
import sys
from ai_edge_litert.tools import benchmark_litert_model as tool
tool.round = lambda value, digits=None: value
sys.argv[0] = "litert-benchmark"
tool.main()
"""

ONNXRUNTIME = """
import sys, time, statistics
import numpy as np, onnxruntime as ort
path, seconds = sys.argv[1], float(sys.argv[2])
options = ort.SessionOptions()
options.intra_op_num_threads = 1
session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
rng = np.random.default_rng(0)
feed = {i.name: rng.standard_normal(i.shape).astype(np.float32) for i in session.get_inputs()}
for _ in range(10):
    session.run(None, feed)
times, end = [], time.perf_counter() + seconds
while time.perf_counter() < end:
    start = time.perf_counter()
    session.run(None, feed)
    times.append(time.perf_counter() - start)
print(statistics.median(times) * 1e3)
"""


OURS = """
import sys
from pathlib import Path
from benchmarks.harness.own_tools import ours
def tell(what, done=0, total=0):
    if "round 1 " in what:
        print("measuring", flush=True)
print(ours(Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), tell))
"""
#: A tool imports and opens for about as long, on its own time.
START_S = 1.0


@dataclass(frozen=True)
class Tool:
    """A runtime's own tool.

    Attributes:
        command: of the artifact, the seconds it shall take, about how many ms an inference takes,
            and a folder for its files.
        medians: what the command found, ms, of its output and the folder, by the clock's name.
    """

    command: Callable[[Path, float, float, Path], list[str]]
    medians: Callable[[str, Path], dict[str, float]]


def _openvino(path: Path, seconds: float, typical_ms: float, folder: Path) -> list[str]:
    config = folder / "config.json"
    config.write_text(json.dumps({"CPU": OPENVINO_CONFIG}))
    arguments = ["-m", str(path), "-d", "CPU", "-hint", "latency", "-api", "sync"]
    # its limit is one of elapsed time, and it is stopped for half of that
    arguments += ["-t", str(max(1, round(2 * seconds))), "-load_config", str(config)]
    return interpreter.command("-c", OPENVINO, *arguments)


def _openvino_medians(said: str, folder: Path) -> dict[str, float]:
    """By OpenVINO's own clock and by one around its call."""
    words = {"openvino": "exact median", "openvino, around the call": "around the call"}
    return {
        name: float(re.findall(rf"^{word}: ([\d.]+) ms", said, re.MULTILINE)[0])
        for name, word in words.items()
    }


def _litert(path: Path, seconds: float, typical_ms: float, folder: Path) -> list[str]:
    runs = max(50, round(1000 * seconds / typical_ms))
    arguments = [f"--model={path}", "--num_threads=1", f"--num_runs={runs}"]
    arguments += ["--warmup_runs=10", f"--result_json={folder / 'result.json'}"]
    return interpreter.command("-c", LITERT, *arguments)


def _litert_medians(said: str, folder: Path) -> dict[str, float]:
    found = json.loads((folder / "result.json").read_text())
    return {"litert": float(found["latency"]["median_ms"])}


def _onnxruntime(path: Path, seconds: float, typical_ms: float, folder: Path) -> list[str]:
    return interpreter.command("-c", ONNXRUNTIME, str(path), str(2 * seconds))


TOOLS = {
    "openvino": Tool(_openvino, _openvino_medians),
    "litert": Tool(_litert, _litert_medians),
    "onnxruntime": Tool(_onnxruntime, lambda said, folder: {"onnxruntime": float(said)}),
}


def ours(path: Path, seconds: float, seed: int, progress: Listener = silent) -> float:
    """p50 of one launch that takes about so long, ms."""
    rounds = max(1, round(seconds / 0.11))
    budget = replace(
        SCREEN, looks=(1,), rounds=rounds, rounds_alone=0,
        warmup_runs=10, warmup_s=0.2, block_runs=10, block_s=0.1,
    )  # fmt: skip
    (row,) = bench([path], budget=budget, seed=seed, progress=progress).rows
    if row.latency_ms is None:
        raise SystemExit(f"{path}: {row.reason}")
    return row.latency_ms.p50


def compare(runtime: str, path: Path, pairs: int, seconds: float) -> list[dict]:
    """The log-ratios of `pairs` pairs, and what they come to: a row for each clock of the tool."""
    rng, tool = random.Random(0), TOOLS[runtime]
    typical = ours(path, 1.0, 0)
    found: list[dict[str, float]] = []
    for number in range(pairs):
        with tempfile.TemporaryDirectory() as folder:
            here = Path(folder)
            # a turn of each: what takes so long alone takes twice as long
            took = str(2 * (seconds + START_S))
            own = interpreter.command("-c", OURS, str(path), took, str(number))
            theirs = tool.command(path, seconds, typical, here)
            said, told = turns.run(own, theirs, "measuring", rng)
            found.append({"ours": float(said.split()[-1]), **tool.medians(told, here)})
    return [_row(clock, path, found) for clock in found[0] if clock != "ours"]


def _row(tool: str, path: Path, pairs: list[dict[str, float]]) -> dict:
    ratios = [math.log(pair["ours"] / pair[tool]) for pair in pairs]
    bounds = median_interval(ratios)
    return {
        "tool": tool,
        "file": path.name,
        "ours_ms": median([pair["ours"] for pair in pairs]),
        "tool_ms": median([pair[tool] for pair in pairs]),
        "ratio": math.exp(median(ratios)),
        "ratio_95": [math.exp(end) for end in bounds] if bounds else None,
        "pairs_ms": [[pair["ours"], pair[tool]] for pair in pairs],
    }


def fp32_artifacts(folder: Path) -> dict[str, Path]:
    """The fp32 artifact of each runtime in a run."""
    return {
        record.runtime: (folder / record.artifact).resolve()
        for record in run_folder.read(folder).records
        if record.precision == "fp32" and record.artifact and record.status == "ok"
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument(
        "--size", nargs="+", default=list(small_net.SIZES), choices=list(small_net.SIZES)
    )
    parser.add_argument("--runtime", nargs="+", default=sorted(TOOLS), choices=sorted(TOOLS))
    parser.add_argument("--pairs", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--out", type=Path, default=HERE / "own_tools.json")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        runs = {
            name: small_net.write(Path(scratch) / name.replace(" ", "-"), side, width)
            for name, (side, width) in small_net.SIZES.items()
            if name in options.size
        }
        for row in _rows(runs, options.runtime, options.pairs, options.seconds):
            _keep(row, options.out)


def _keep(row: dict, out: Path) -> None:
    rows = json.loads(out.read_text())["rows"] if out.exists() else []
    named = {(r["size"], r["tool"]): r for r in [*rows, row]}
    about = {"python": platform.python_version(), "system": platform.platform()}
    found = list(named.values())
    result = {"v": 1, "edgeopt": edgeopt.__version__, "environment": about, "rows": found}
    out.write_text(json.dumps(result, indent=1) + "\n")


def _rows(runs: dict[str, Path], runtimes: list[str], pairs: int, seconds: float) -> Iterator[dict]:
    for size, folder in runs.items():
        paths = fp32_artifacts(folder)
        for runtime in runtimes:
            for row in compare(runtime, paths[runtime], pairs, seconds):
                yield {"size": size, **row}
                low, high = row["ratio_95"] or (math.nan, math.nan)
                print(
                    f"{size:6} {row['tool']:26} ours {row['ours_ms']:.4f}, "
                    f"tool {row['tool_ms']:.4f} ms: {row['ratio']:.3f} ({low:.3f} to {high:.3f})",
                    flush=True,
                )


if __name__ == "__main__":
    main()
