"""A file against a copy of itself, again and again, while another process loads the machine.

    python -m benchmarks.harness.aa_live MODEL [--comparisons 40] [--quick] [--out FILE]

Each comparison is one `edgeopt.measure` of two copies of MODEL. The load is one process that
multiplies matrices for random stretches of 0.1 to 2 s and rests for as long. Every verdict
other than EQUIVALENT and INCONCLUSIVE is wrong. FILE is written after each comparison, and the
same command again goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from pathlib import Path

import edgeopt
from edgeopt.jobs import interpreter
from edgeopt.stats.proportion import wilson

HERE = Path(__file__).parent

LOAD = """
import os, random, time
import numpy as np
a = np.random.default_rng(0).standard_normal((256, 256), dtype=np.float32)
rng, parent = random.Random(0), os.getppid()
while os.getppid() == parent:
    end = time.perf_counter() + rng.uniform(0.1, 2.0)
    while time.perf_counter() < end:
        a @ a
    time.sleep(rng.uniform(0.1, 2.0))
"""


def compare(model: Path, copy: Path, budget: str, seed: int) -> dict:
    """One comparison of the two files."""
    began = time.monotonic()
    table = edgeopt.measure([model, copy], budget=budget, seed=seed)
    versus = table.rows[1].versus_baseline
    if versus is None:
        raise SystemExit(f"{copy}: {table.rows[1].reason or table.rows[0].reason}")
    return {
        "word": versus.word,
        "ratio": versus.ratio,
        "low": versus.low,
        "high": versus.high,
        "noise": table.noise,
        "launches": versus.launches,
        "load_1m": os.getloadavg()[0],
        "seconds": round(time.monotonic() - began, 1),
    }


def summary(found: list[dict]) -> dict:
    """The words, and the share of wrong ones with its 95 % interval."""
    words = Counter(one["word"] for one in found)
    wrong = words["FASTER"] + words["SLOWER"]
    return {
        "comparisons": len(found),
        "words": dict(words),
        "wrong": wrong / len(found),
        "wrong_95": wilson(wrong, len(found)),
        "furthest_ratio": max((one["ratio"] for one in found), key=lambda r: abs(r - 1)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--comparisons", type=int, default=40)
    parser.add_argument("--quick", action="store_const", const="quick", default="standard")
    parser.add_argument("--out", type=Path, default=HERE / "aa_live.json")
    options = parser.parse_args()
    load = subprocess.Popen(
        interpreter.command("-c", LOAD), env={**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    )
    found = so_far(options.out, options.quick)
    try:
        with tempfile.TemporaryDirectory() as folder:
            copies = [Path(folder) / f"{name}{options.model.suffix}" for name in "ab"]
            for path in copies:
                shutil.copyfile(options.model, path)
            for seed in range(len(found), options.comparisons):
                found.append(compare(*copies, options.quick, seed))
                print(seed, found[-1], flush=True)
                write(options.out, options.quick, options.model, found)
    finally:
        load.kill()
        load.wait()
    print(summary(found))


def so_far(out: Path, budget: str) -> list[dict]:
    """What an earlier call found with this budget."""
    if not out.exists():
        return []
    earlier = json.loads(out.read_text())
    return list(earlier["found"]) if earlier["budget"] == budget else []


def write(out: Path, budget: str, model: Path, found: list[dict]) -> None:
    """Everything so far."""
    about = {"system": platform.platform(), "cpus": os.cpu_count(), "model": model.name}
    result = {"v": 1, "environment": about, "budget": budget, **summary(found), "found": found}
    out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
