"""Bayesian search against the untuned default and against random search, at equal budgets.

    python -m benchmarks.search.fair [--hours 1] [--seeds 20] [--trials 20] [--tasks digits ...]

For each of three tasks and each seed: scikit-learn's network as it comes; and the best of 20 trials
by random search and by edgeopt's default sampler, of the same space, with the same pruner. What is
told is the score on a test part that no search sees. Rows are kept as they are made: the same
command again goes on. `results/fair.json` has the means, and 95 % intervals of paired differences
by a bootstrap over seeds.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import edgeopt
from benchmarks.search import estimators, rows

SAMPLERS = ("default", "random", "auto")


def made(task: str, seed: int, sampler: str, trials: int) -> dict[str, Any]:
    """One row: a search, and what its network scores on the test part."""
    os.environ[estimators.ASKED] = f"{task} {seed}"
    parts = estimators.split(task, seed)
    if sampler == "default":
        model = estimators.default(task, seed)
        reports: list[float] = []
        estimators.fitted(model, task, parts, lambda step, score: reports.append(score))
        return {"valid": reports[-1], "test": float(model.score(*parts.test)), "trials": 1}
    with tempfile.TemporaryDirectory() as folder:
        study = edgeopt.tune(
            "benchmarks.search.estimators:build",
            "benchmarks.search.estimators:train",
            {"X": parts.valid[0][:32], "labels": parts.valid[1][:32]},
            "this-machine",
            trials=trials,
            sampler=sampler,
            objectives=("score",),
            score_by="reported",
            bundle=False,
            seed=seed,
            out=Path(folder) / "study",
        )
        best = study.best
        assert best is not None, study.why
        import joblib

        model = joblib.load(Path(folder) / "study" / best.network)
        return {
            "valid": best.score,
            "test": float(model.score(*parts.test)),
            "trials": len(study.trials),
            "pruned": sum(one.state == "pruned" for one in study.trials),
            "params": best.params,
        }


def summary(found: list[dict[str, Any]]) -> dict[str, Any]:
    """By task: means, and paired differences of the default sampler with their intervals."""
    told: dict[str, Any] = {}
    for task in dict.fromkeys(row["key"][0] for row in found):
        scores = {
            sampler: {
                row["key"][1]: row["test"] for row in found if row["key"][::2] == [task, sampler]
            }
            for sampler in SAMPLERS
        }
        seeds = sorted(set.intersection(*(set(one) for one in scores.values())))
        if not seeds:
            continue
        arrays = {name: np.array([one[seed] for seed in seeds]) for name, one in scores.items()}
        told[task] = {
            "seeds": len(seeds),
            "means": {name: round(float(array.mean()), 4) for name, array in arrays.items()},
            **{
                f"auto over {other}": _difference(arrays["auto"], arrays[other])
                for other in ("default", "random")
            },
        }
    return told


def _difference(own: np.ndarray, other: np.ndarray) -> dict[str, float]:
    """The mean difference, its interval, and as a share of the other's mean score."""
    paired = own - other
    rng = np.random.default_rng(0)
    means = paired[rng.integers(0, len(paired), (4000, len(paired)))].mean(1)
    low, high = np.percentile(means, (2.5, 97.5))
    return {
        "difference": round(float(paired.mean()), 4),
        "low": round(float(low), 4),
        "high": round(float(high), 4),
        "share": round(float(paired.mean() / abs(other.mean())), 4),
    }


def main() -> None:
    asked = rows.options(__doc__ or "", "fair.jsonl")
    kept = rows.Rows(asked.out, asked.hours)
    keys = [
        (task, seed, sampler)
        for seed in range(asked.seeds)
        for task in asked.tasks or estimators.TASKS
        for sampler in SAMPLERS
    ]
    whole = kept.fill(keys, lambda *key: made(*key, asked.trials))
    rows.write(asked.out, {"whole": whole, "trials": asked.trials, "tasks": summary(kept.rows)})
    sys.exit(0 if whole else 1)


if __name__ == "__main__":
    main()
