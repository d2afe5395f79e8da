"""By how much weights change a latency: networks before and after training, and with zeros.

    python -m benchmarks.search.weights [--hours 0.2] [--seeds 5]

Each network of `networks.build` is timed four times, each time anew: untrained; the same file once
more, which is the noise; trained; and with nine of ten weights set to zero, as unstructured pruning
leaves them (a dense kernel multiplies zeros, too). What is told are ratios to the first.
"""

from __future__ import annotations

import math
import os
import sys
from typing import Any

import numpy as np
import torch

from benchmarks.search import estimators, networks, rows
from edgeopt.tuning.device_limit import DeviceLimit

KINDS = ("again", "trained", "zeros")


class _Drawn:
    """A trial with values of a generator."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self.params: dict[str, Any] = {}

    def suggest_categorical(self, name: str, choices: list[Any]) -> Any:
        self.params[name] = choices[self._rng.integers(len(choices))]
        return self.params[name]

    def suggest_int(self, name: str, low: int, high: int) -> int:
        self.params[name] = int(self._rng.integers(low, high + 1))
        return int(self.params[name])


def made(task: str, seed: int) -> dict[str, Any]:
    """One network: its latencies in milliseconds."""
    os.environ[estimators.ASKED] = f"{task} {seed}"
    torch.manual_seed(seed)
    trial = _Drawn(seed)
    model = networks.build(trial)
    images, labels = networks.arrays(estimators.split(task, seed).valid, task)
    data = {"input": images.numpy()[:32], "labels": labels.numpy()[:32]}

    anew = DeviceLimit("this-machine", data, form="onnxruntime fp32", cache=False)

    def timed() -> float:
        return float(anew.measured(model, images[:1]).latency_ms or math.nan)

    times = {"untrained": timed(), "again": timed()}
    networks.train(model, trial, lambda step, score: None)
    times["trained"] = timed()
    with torch.no_grad():
        for weight in model.parameters():
            weight[torch.rand_like(weight) < 0.9] = 0.0
    return {**times, "zeros": timed(), "params": trial.params}


def summary(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Ratios to the untrained network: geometric mean, and the farthest."""
    told = {}
    for kind in KINDS if found else ():
        logs = [math.log(row[kind] / row["untrained"]) for row in found]
        told[kind] = {
            "mean": round(math.exp(float(np.mean(logs))), 3),
            "farthest": round(math.exp(max(logs, key=abs)), 3),
        }
    return {"networks": len(found), "ratio_to_untrained": told}


def main() -> None:
    asked = rows.options(__doc__ or "", "weights.jsonl")
    kept = rows.Rows(asked.out, asked.hours)
    keys = [(task, seed) for seed in range(asked.seeds) for task in asked.tasks or estimators.TASKS]
    whole = kept.fill(keys, made)
    rows.write(asked.out, {"whole": whole, **summary(kept.rows)})
    sys.exit(0 if whole else 1)


if __name__ == "__main__":
    main()
