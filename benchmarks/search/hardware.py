"""A front by measured latency against the front of the same search with multiply-adds.

    python -m benchmarks.search.hardware [--hours 1] [--seeds 3] [--trials 24] [--tasks digits ...]

Both searches have the same space, sampler, seeds and trials; one minimizes the latency that was
measured, the other the multiply-adds. Every network of both was measured. At each score that both
fronts reach the fastest network of each is taken: the ratio of their latencies, above 1 where
measuring pays, in the geometric mean over such scores and seeds.
"""

from __future__ import annotations

import math
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import edgeopt
from benchmarks.search import estimators, networks, rows

KINDS = ("latency", "multiply-adds")
TARGET = "this-machine"


def made(task: str, seed: int, objective: str, trials: int) -> dict[str, Any]:
    """One search; the networks of its front, by the objective that it had."""
    os.environ[estimators.ASKED] = f"{task} {seed}"
    images, labels = networks.arrays(estimators.split(task, seed).valid, task)
    with tempfile.TemporaryDirectory() as folder:
        study = edgeopt.tune(
            "benchmarks.search.networks:build",
            "benchmarks.search.networks:train",
            {"input": images.numpy()[:32], "labels": labels.numpy()[:32]},
            TARGET,
            trials=trials,
            metric="mse" if estimators.is_regression(task) else None,
            objectives=("score", objective),
            score_by="reported",
            form="onnxruntime fp32",
            bundle=False,
            seed=seed,
            out=Path(folder) / "study",
        )
    points = [
        {"score": one.score, "ms": one.latency_ms(TARGET), "multiply_adds": one.multiply_adds}
        for one in study.trials
        if one.state == "complete"
    ]
    return {"trials": len(study.trials), "front": front(points, objective)}


def front(points: list[dict[str, Any]], objective: str) -> list[dict[str, Any]]:
    """Points that none beats in the score and in what was searched for."""
    cost = "ms" if objective == "latency" else "multiply_adds"
    kept = []
    for point in sorted(points, key=lambda one: (one[cost], -one["score"])):
        if not kept or point["score"] > kept[-1]["score"]:
            kept.append(point)
    return kept


def ratios(by_latency: list[dict[str, Any]], by_counts: list[dict[str, Any]]) -> list[float]:
    """At each score of either front that both reach: how many times as fast the first one is."""
    levels = sorted({one["score"] for one in (*by_latency, *by_counts)})
    found = []
    for level in levels:
        times = [
            [one["ms"] for one in points if one["score"] >= level]
            for points in (by_latency, by_counts)
        ]
        if all(times):
            found.append(min(times[1]) / min(times[0]))
    return found


def summary(found: list[dict[str, Any]]) -> dict[str, Any]:
    """By task and over all: the geometric mean of the ratios."""
    fronts = {tuple(row["key"]): row["front"] for row in found}
    told: dict[str, list[float]] = {}
    for task, seed, objective in fronts:
        other = fronts.get((task, seed, "multiply-adds"))
        if objective == "latency" and other:
            told.setdefault(task, []).extend(ratios(fronts[task, seed, objective], other))
    means = {task: round(math.exp(np.mean(np.log(all_))), 3) for task, all_ in told.items()}
    whole = math.exp(np.mean([math.log(one) for one in means.values()])) if means else None
    return {
        "geometric_means": means,
        "over_tasks": whole,
        "levels": {k: len(v) for k, v in told.items()},
    }


def main() -> None:
    asked = rows.options(__doc__ or "", "hardware.jsonl")
    kept = rows.Rows(asked.out, asked.hours)
    keys = [
        (task, seed, objective)
        for seed in range(min(asked.seeds, 3) if "--seeds" not in sys.argv else asked.seeds)
        for task in asked.tasks or estimators.TASKS
        for objective in KINDS
    ]
    whole = kept.fill(keys, lambda *key: made(*key, asked.trials))
    rows.write(asked.out, {"whole": whole, "trials": asked.trials, **summary(kept.rows)})
    sys.exit(0 if whole else 1)


if __name__ == "__main__":
    main()
