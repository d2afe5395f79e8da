"""How often each way to compare two artifacts errs, on a trace of one thing timed 86,055 times.

    python -m benchmarks.harness.aa_trace [--trials 200] [--out FILE]

The trace (tests/stats/aa_trace.npz) holds the durations of one fixed 3 x 256^3 sgemm, called
for 75 s on a shared two-core machine. Every trial cuts as many calls from it as a comparison
may make at most and deals them out. All arms are the same kernel; an effect is put in by
dividing the candidate's durations. `interleaved` is edgeopt's own code on three arms in turn:
baseline, its twin and the candidate, with the budget's looks. The sequential designs run one
arm, then the other, on as many calls from the same place.
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import json
import os
import platform
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy
from scipy import stats as tests_of_scipy

from edgeopt.harness import budget as budgets
from edgeopt.harness import verdicts
from edgeopt.harness.replies import Loaded, Readings
from edgeopt.harness.timed import Block, Launch, Measurement, Timed
from edgeopt.stats import proportion, verdict

#: Of processes of which only the times are known.
UNKNOWN = Loaded(version="", load_ns=0, compile_ns=None, why_null={})
NONE = Readings()

HERE = Path(__file__).parent
TRACE = HERE.parents[1] / "tests" / "stats" / "aa_trace.npz"
EFFECTS = (0.0, 0.01, 0.02, 0.05, 0.10)
ALPHA = 0.05
ARMS = ("base", "twin", "candidate")


@dataclass(frozen=True)
class Plan:
    """One of edgeopt's budgets with blocks of so many calls of the trace."""

    budget: budgets.Budget
    block: int

    @property
    def calls(self) -> int:
        """At the limit, of all arms."""
        return len(ARMS) * self.budget.looks[-1] * self.budget.rounds * self.block


#: 55 calls are 50 ms of the trace.
PLANS = (Plan(budgets.STANDARD, 55), Plan(budgets.QUICK, 55))


def interleaved(calls: np.ndarray, plan: Plan, effect: float, seed: int) -> tuple[str, int]:
    """What edgeopt does: looks, a twin for the noise, a margin; the word and the launches used."""
    whole = dealt(calls, plan, effect, seed)
    for number, launches in enumerate(plan.budget.looks):
        so_far = {
            key: dataclasses.replace(timed, launches=timed.launches[:launches])
            for key, timed in whole.timed.items()
        }
        session = dataclasses.replace(whole, timed=so_far, looks=number + 1)
        if verdicts.settled(session, ("candidate",)):
            break
    found = verdicts.compare(session, "candidate", "base")
    assert found is not None
    return found.word, launches


def dealt(calls: np.ndarray, plan: Plan, effect: float, seed: int) -> Measurement:
    """The calls dealt to three arms, as the schedule does: rounds 2i and 2i+1 mirror each other."""
    rng = np.random.default_rng(seed)
    limit, rounds = plan.budget.looks[-1], plan.budget.rounds
    stretches = calls.reshape(limit, rounds, len(ARMS), plan.block)
    timed = {key: Timed(key, key) for key in ARMS}
    for launch in stretches:
        for key in ARMS:
            timed[key].launches.append(Launch(UNKNOWN, 0, [], None))
        order = rng.permutation(len(ARMS))
        for number, blocks in enumerate(launch):
            order = order[::-1] if number % 2 else rng.permutation(len(ARMS))
            for position, arm in enumerate(order):
                times = blocks[position] / (1 + effect if ARMS[arm] == "candidate" else 1)
                block = Block(number, position, times.tolist(), 0, NONE, NONE)
                timed[ARMS[arm]].launches[-1].blocks.append(block)
    return Measurement(plan.budget, seed, timed, "base", "twin")


def sequential_welch(calls: np.ndarray, plan: Plan, effect: float, seed: int) -> tuple[str, int]:
    """All of one arm, then all of the other; Welch's t-test on the calls."""
    candidate, over = arms_in_turn(calls, effect, seed)
    p = tests_of_scipy.ttest_ind(candidate, over, equal_var=False).pvalue
    return word_of_test(p, candidate.mean() < over.mean()), plan.budget.looks[-1]


def sequential_mann_whitney(
    calls: np.ndarray, plan: Plan, effect: float, seed: int
) -> tuple[str, int]:
    """All of one arm, then all of the other; Mann-Whitney's U on the calls."""
    candidate, over = arms_in_turn(calls, effect, seed)
    p = tests_of_scipy.mannwhitneyu(candidate, over).pvalue
    return word_of_test(p, np.median(candidate) < np.median(over)), plan.budget.looks[-1]


def arms_in_turn(calls: np.ndarray, effect: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    halves = np.split(calls, 2)
    first = int(np.random.default_rng(seed).integers(2))
    return halves[first] / (1 + effect), halves[1 - first]


def word_of_test(p: float, faster: bool) -> str:
    return "INCONCLUSIVE" if p >= ALPHA else "FASTER" if faster else "SLOWER"


DESIGNS: dict[str, Callable[[np.ndarray, Plan, float, int], tuple[str, int]]] = {
    "interleaved": interleaved,
    "sequential, Welch": sequential_welch,
    "sequential, Mann-Whitney": sequential_mann_whitney,
}


def rates(trace: np.ndarray, plan: Plan, trials: int, effects: tuple[float, ...]) -> dict:
    """The words of every design at every effect, over `trials` cuts of one trace."""
    starts = np.linspace(0, trace.size - plan.calls, trials).astype(int)
    windows = trace.size // plan.calls
    cuts = [(seed, trace[start : start + plan.calls]) for seed, start in enumerate(starts)]
    designs = {
        name: {
            f"{effect:.0%}": summary(
                [design(calls, plan, effect, seed) for seed, calls in cuts], windows, effect
            )
            for effect in effects
        }
        for name, design in DESIGNS.items()
    }
    return {
        "name": plan.budget.name,
        "looks": plan.budget.looks,
        "rounds": plan.budget.rounds,
        "block": plan.block,
        "calls": plan.calls,
        "trials": trials,
        "disjoint_windows": windows,
        "designs": designs,
    }


def summary(found: list[tuple[str, int]], windows: int, effect: float) -> dict:
    """The rate that matters at this effect, and what it rests on."""
    words = Counter(word for word, _ in found)
    wanted = ("FASTER", "SLOWER") if effect == 0 else ("FASTER",)
    rate = sum(words[word] for word in wanted) / len(found)
    independent = min(len(found), windows)
    return {
        "false_differences" if effect == 0 else "detected": round(rate, 4),
        "wilson_95_on_disjoint_windows": [
            round(end, 4) for end in proportion.wilson(rate * independent, independent)
        ],
        "words": dict(sorted(words.items())),
        "launches": dict(sorted(Counter(launches for _, launches in found).items())),
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
    parser.add_argument("--budget", choices=[p.budget.name for p in PLANS], action="append")
    parser.add_argument("--effect", type=float, action="append", help="0.02 is 2 %%")
    parser.add_argument("--out", type=Path, default=HERE / "aa_trace.json")
    options = parser.parse_args(arguments)

    trace = np.load(options.trace)["t_ns"].astype(np.float64)
    chosen = [p for p in PLANS if not options.budget or p.budget.name in options.budget]
    effects = tuple(options.effect or EFFECTS)
    result = {
        "v": 2,
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
        "lead_in": budgets.SETTLING,
        "budgets": [rates(trace, plan, options.trials, effects) for plan in chosen],
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
