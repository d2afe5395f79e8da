"""How often each way to compare two artifacts errs, on a trace of one thing timed 86,055 times.

    python benchmarks/harness/aa_trace.py [--trials 200] [--out FILE]

The trace (tests/data/aa_trace.npz) holds the durations of one fixed 3 x 256^3 sgemm, called
for 75 s on a shared two-core machine. Every trial cuts as many calls from it as a comparison
would make and deals them to two arms. Both arms are the same kernel; an effect is put in by
dividing the candidate's durations. `interleaved` is what edgeopt does; the sequential designs
run one arm, then the other, on as many calls from the same place.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import scipy
from scipy import stats as tests_of_scipy

from edgeopt.stats import proportion, ratio, verdict

HERE = Path(__file__).parent
TRACE = HERE.parents[1] / "tests" / "data" / "aa_trace.npz"
EFFECTS = (0.0, 0.01, 0.02, 0.05, 0.10)
ALPHA = 0.05


class Budget(NamedTuple):
    """What one comparison may cost: two arms x launches x rounds x block calls."""

    name: str
    launches: int
    rounds: int
    block: int

    @property
    def calls(self) -> int:
        return 2 * self.launches * self.rounds * self.block


#: 55 calls are 50 ms of the trace. `full` is the default of a final measurement.
BUDGETS = (
    Budget("full", launches=5, rounds=20, block=55),
    Budget("quick", launches=3, rounds=10, block=55),
    Budget("small-30", launches=5, rounds=8, block=30),
    Budget("small-10", launches=5, rounds=24, block=10),
    Budget("screen-10", launches=1, rounds=60, block=10),
)


def interleaved(calls: np.ndarray, budget: Budget, effect: float, seed: int) -> str:
    """What edgeopt does: a difference is one that was not shown to be too small to matter."""
    return verdict.verdict(*arms_in_pairs(calls, budget, effect, seed), "the same").word


def interleaved_no_margin(calls: np.ndarray, budget: Budget, effect: float, seed: int) -> str:
    """The interval alone: a difference is one that leaves 1 out, however small."""
    arms = arms_in_pairs(calls, budget, effect, seed)
    return verdict.verdict(*arms, "the same", margin=1e-9).word


def arms_in_pairs(calls: np.ndarray, budget: Budget, effect: float, seed: int) -> tuple[list, list]:
    """Pairs of blocks in seeded ABBA or BAAB order, the first calls of a block left out."""
    pairs = calls.reshape(budget.launches, budget.rounds, 2, budget.block)
    candidate, over = [], []
    for launch, firsts in zip(pairs, orders(budget, seed), strict=True):
        blocks = [(p[first], p[1 - first]) for p, first in zip(launch, firsts, strict=True)]
        candidate.append([ratio.steady(a) / (1 + effect) for a, _ in blocks])
        over.append([ratio.steady(b) for _, b in blocks])
    return candidate, over


def orders(budget: Budget, seed: int) -> Iterator[np.ndarray]:
    """For each launch which half of each pair is the candidate's: rounds 2i and 2i+1 mirror."""
    rng = np.random.default_rng(seed)
    for _ in range(budget.launches):
        coin = rng.integers(2, size=(budget.rounds + 1) // 2)
        yield np.stack([coin, 1 - coin], axis=1).ravel()[: budget.rounds]


def sequential_welch(calls: np.ndarray, budget: Budget, effect: float, seed: int) -> str:
    """All of one arm, then all of the other; Welch's t-test on the calls."""
    candidate, over = arms_in_turn(calls, effect, seed)
    p = tests_of_scipy.ttest_ind(candidate, over, equal_var=False).pvalue
    return word_of_test(p, candidate.mean() < over.mean())


def sequential_mann_whitney(calls: np.ndarray, budget: Budget, effect: float, seed: int) -> str:
    """All of one arm, then all of the other; Mann-Whitney's U on the calls."""
    candidate, over = arms_in_turn(calls, effect, seed)
    p = tests_of_scipy.mannwhitneyu(candidate, over).pvalue
    return word_of_test(p, np.median(candidate) < np.median(over))


def arms_in_turn(calls: np.ndarray, effect: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    halves = np.split(calls, 2)
    first = int(np.random.default_rng(seed).integers(2))
    return halves[first] / (1 + effect), halves[1 - first]


def word_of_test(p: float, faster: bool) -> str:
    return "INCONCLUSIVE" if p >= ALPHA else "FASTER" if faster else "SLOWER"


DESIGNS: dict[str, Callable[[np.ndarray, Budget, float, int], str]] = {
    "interleaved": interleaved,
    "interleaved, no margin": interleaved_no_margin,
    "sequential, Welch": sequential_welch,
    "sequential, Mann-Whitney": sequential_mann_whitney,
}


def rates(trace: np.ndarray, budget: Budget, trials: int, effects: tuple[float, ...]) -> dict:
    """The words of every design at every effect, over `trials` cuts of one trace."""
    starts = np.linspace(0, trace.size - budget.calls, trials).astype(int)
    windows = trace.size // budget.calls
    designs = {
        name: {
            f"{effect:.0%}": summary(
                Counter(
                    design(trace[start : start + budget.calls], budget, effect, seed)
                    for seed, start in enumerate(starts)
                ),
                trials,
                windows,
                effect,
            )
            for effect in effects
        }
        for name, design in DESIGNS.items()
    }
    return {
        **budget._asdict(),
        "calls": budget.calls,
        "trials": trials,
        "disjoint_windows": windows,
        "designs": designs,
    }


def summary(words: Counter, trials: int, windows: int, effect: float) -> dict:
    """The rate that matters at this effect, and what it rests on."""
    wanted = ("FASTER", "SLOWER") if effect == 0 else ("FASTER",)
    rate = sum(words[word] for word in wanted) / trials
    independent = min(trials, windows)
    return {
        "false_differences" if effect == 0 else "detected": round(rate, 4),
        "wilson_95_on_disjoint_windows": [
            round(end, 4) for end in proportion.wilson(rate * independent, independent)
        ],
        "words": dict(sorted(words.items())),
    }


def environment() -> dict:
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "machine": platform.machine(),
        "system": platform.platform(),
        "cpus": os.cpu_count(),
    }


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--trace", type=Path, default=TRACE)
    parser.add_argument("--trials", type=int, default=200, help="cuts of the trace per budget")
    parser.add_argument("--budget", choices=[b.name for b in BUDGETS], action="append")
    parser.add_argument("--effect", type=float, action="append", help="0.02 is 2 %%")
    parser.add_argument("--out", type=Path, default=HERE / "aa_trace.json")
    options = parser.parse_args(arguments)

    trace = np.load(options.trace)["t_ns"].astype(np.float64)
    chosen = [b for b in BUDGETS if not options.budget or b.name in options.budget]
    effects = tuple(options.effect or EFFECTS)
    result = {
        "v": 1,
        "trace": {
            "sha256": hashlib.sha256(options.trace.read_bytes()).hexdigest(),
            "calls": int(trace.size),
            "total_s": round(trace.sum() / 1e9, 3),
        },
        "independence": (
            "The cuts of a budget start at even distances and overlap where there are more "
            "trials than disjoint windows; each has an order of its own. All come from one trace "
            "of one machine. The intervals count disjoint windows only. Launches are stretches of "
            "the same process: nothing here varies by launch."
        ),
        "environment": environment(),
        "margin": verdict.MARGIN,
        "alpha": ALPHA,
        "lead_in": ratio.LEAD_IN,
        "budgets": [rates(trace, budget, options.trials, effects) for budget in chosen],
    }
    options.out.write_text(json.dumps(result, indent=1) + "\n")
    for budget in result["budgets"]:
        print(f"{budget['name']}: {budget['calls']} calls, {budget['trials']} trials")
        for name, by_effect in budget["designs"].items():
            cells = (f"{e} {next(iter(s.values())):6.1%}" for e, s in by_effect.items())
            print(f"  {name:26}", "   ".join(cells))
    print(f"written to {options.out}", file=sys.stderr)


if __name__ == "__main__":
    main()
