"""Does a supernet pay? Its subnets against the same networks, each trained by itself.

    python -m benchmarks.search.supernet [--seeds 5] [--epochs 30] [--out FILE]

Digits of scikit-learn (8 x 8, 1,797 of them; the last 597 judge). One supernet of 9 subnets is
trained by the sandwich rule for EPOCHS. Then each subnet as a plain network: for the same epochs,
and for its share of the seconds that the supernet took (a ninth), which is what a search without
it could spend. For each subnet: accuracy within the supernet, alone at equal epochs, alone at equal
time; medians over seeds, and the rank correlation (Kendall) of the supernet's order with the order
of the networks trained alone.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.stats import kendalltau
from sklearn.datasets import load_digits
from torch import Tensor, nn

from edgeopt.pipeline.run_environment import environment, local_machine
from edgeopt.spaces.separable import Separable, SeparableShape
from edgeopt.spaces.supernet import Subnet, Supernet, train

WIDTHS, DEPTHS, BATCH, RATE = (8, 16, 32), (1, 2, 4), 64, 3e-3
SUBNETS = [Subnet(*one) for one in itertools.product(WIDTHS, DEPTHS)]
SHAPE = SeparableShape(max(WIDTHS), max(DEPTHS), stride=1)


class Digits:
    """The two parts; `batches` shuffles anew at each call."""

    def __init__(self, seed: int) -> None:
        images, labels = load_digits(return_X_y=True)
        x = torch.from_numpy((images / 16).astype(np.float32)).reshape(-1, 1, 8, 8)
        y = torch.from_numpy(labels.astype(np.int64))
        self.seen, self.held = (x[:1200], y[:1200]), (x[1200:], y[1200:])
        self.rng = torch.Generator().manual_seed(seed)

    def batches(self) -> Any:
        x, y = self.seen
        order = torch.randperm(len(x), generator=self.rng)
        return ((x[rows], y[rows]) for rows in order.split(BATCH))

    def accuracy(self, answers: Tensor) -> float:
        return float((answers.argmax(1) == self.held[1]).float().mean())


def alone(digits: Digits, subnet: Subnet, epochs: int, seconds: float) -> float:
    """A plain network, for so many epochs or seconds, whichever ends first."""
    net = Separable(SeparableShape(subnet.width, subnet.depth, stride=1), 10, 1, 2)
    optimizer = torch.optim.AdamW(net.parameters(), RATE)
    began = time.process_time()
    for _ in range(epochs):
        for inputs, classes in digits.batches():
            loss = nn.functional.cross_entropy(net(inputs), classes)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        if time.process_time() - began > seconds:
            break
    with torch.no_grad():
        return digits.accuracy(net.eval()(digits.held[0]))


def of_seed(seed: int, epochs: int) -> dict[str, Any]:
    """One supernet and its subnets alone."""
    torch.manual_seed(seed)
    digits = Digits(seed)
    began = time.process_time()
    net = train(Supernet(SHAPE, 10, 1, 2, WIDTHS, DEPTHS), digits.batches, epochs, RATE, seed=seed)
    seconds = time.process_time() - began
    rows = []
    for subnet in SUBNETS:
        with torch.no_grad():
            within = digits.accuracy(net.extract(subnet)(digits.held[0]))
        rows.append(
            {
                "width": subnet.width,
                "depth": subnet.depth,
                "within": within,
                "alone": alone(digits, subnet, epochs, float("inf")),
                "alone_in_its_share": alone(digits, subnet, epochs, seconds / len(SUBNETS)),
            }
        )
    order = kendalltau([r["within"] for r in rows], [r["alone"] for r in rows]).statistic
    return {"seed": seed, "supernet_cpu_s": seconds, "kendall": float(order), "subnets": rows}


def summary(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Medians over seeds."""
    ways = ("within", "alone", "alone_in_its_share")
    subnets = [
        {
            "width": subnet.width,
            "depth": subnet.depth,
            **{w: statistics.median(one["subnets"][i][w] for one in found) for w in ways},
        }
        for i, subnet in enumerate(SUBNETS)
    ]
    return {
        "seeds": len(found),
        "kendall": statistics.median(one["kendall"] for one in found),
        "subnets": subnets,
        **{f"mean_{way}": statistics.mean(one[way] for one in subnets) for way in ways},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".json"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    found = [of_seed(seed, options.epochs) for seed in range(options.seeds)]
    told = {"v": 1, "epochs": options.epochs, **summary(found), "runs": found}
    told["environment"] = environment(local_machine())
    options.out.write_text(json.dumps(told, indent=1) + "\n")
    print(json.dumps(summary(found), indent=1))


if __name__ == "__main__":
    main()
