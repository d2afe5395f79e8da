"""How often each decision finds a difference between launches of one and the same file.

    python -m benchmarks.harness.aa_launches [--launches 16] [--draws 200] [--out FILE]

For each net (5 us to 5 ms, two runtimes) six copies of one file are timed in one interleaved
schedule, in fresh processes for each launch: 10 to 15 minutes on an idle machine. The medians of
all blocks are kept in FILE, and a net that it has is not measured again. From them each decision
of edgeopt is drawn many times: at each launch its parts are dealt to processes by chance, with
the rounds and looks of its own budget, and the program's own functions decide. Every FASTER or
SLOWER is wrong. Prices of layers come from launches of the runtime's profiler in the same way.

Beside it stands what one launch said without its prior, as edgeopt did before decision 32.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import platform
import random
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.harness import launch_nets
from edgeopt.benchmarking.opened_files import open_files, place
from edgeopt.domain.layers import Group, GroupSensitivity, LayerSensitivity
from edgeopt.domain.time_profile import OperatorTime, TimeProfile
from edgeopt.harness import profiling
from edgeopt.harness.budget import CLOSER, QUICK, SCREEN, SETTLING, STEP, STEPS, Budget
from edgeopt.harness.interleaved import measure
from edgeopt.harness.replies import Loaded, Readings
from edgeopt.harness.timed import Block, Launch, Measurement, Timed
from edgeopt.harness.verdicts import compare, decided, settled
from edgeopt.pipeline.races import over, raced
from edgeopt.search import prices
from edgeopt.stats import launches, verdict
from edgeopt.stats.proportion import wilson

#: Of processes of which only the times are known.
UNKNOWN = Loaded(version="", load_ns=0, compile_ns=None, why_null={})
NONE = Readings()

HERE = Path(__file__).parent
COPIES, ROUNDS = 6, 11
TIMEOUT_S = 120.0
PROFILED = 4  # times three launches of the profiler
WRONG = ("FASTER", "SLOWER")


@dataclasses.dataclass(frozen=True)
class Decision:
    """One of edgeopt's: who takes part, when it ends, and the words that it comes to.

    Attributes:
        kept: of these words alone something is kept or dropped; all where it is printed.
    """

    budget: Budget
    arms: tuple[str, ...]
    stop: Callable[[Measurement], bool]
    words: Callable[[Measurement], list[str]]
    twin: str | None = None


STEP_SIDES = (("after",), ("before",))
STEPS_SIDES = ((("one",), ("whole",)), (("two",), ("one",)))
PARENTS = {"variant": "parent", "other": "parent"}


def raced_words(session: Measurement, sides: Sequence) -> list[str]:
    found = [raced(session, *one) for one in sides]
    return [one.verdict.word for one in found if one is not None]


def words_over(session: Measurement, pairs: dict[str, str]) -> list[str]:
    found = [compare(session, key, other) for key, other in pairs.items()]
    return [one.word for one in found if one is not None]


def against_first(*keys: str) -> Callable[[Measurement], list[str]]:
    return lambda session: words_over(session, dict.fromkeys(keys, session.baseline))


DECISIONS = {
    "screen": Decision(
        SCREEN, ("a", "b", "c", "d", "e", "f"), lambda s: True, against_first(*"bcdef")
    ),
    "step": Decision(
        STEP, ("before", "after"),
        lambda s: over(s, [STEP_SIDES]), lambda s: raced_words(s, [STEP_SIDES]),
    ),
    "steps again": Decision(
        STEPS, ("whole", "one", "two"),
        lambda s: over(s, STEPS_SIDES), lambda s: raced_words(s, STEPS_SIDES),
    ),
    "option": Decision(
        CLOSER, ("base", "parent", "variant", "other"),
        lambda s: decided(s, PARENTS), lambda s: words_over(s, PARENTS),
    ),
    "final": Decision(
        QUICK, ("base", "base again", "b", "c"),
        lambda s: settled(s, ("b", "c")), against_first("b", "c"), "base again",
    ),
}  # fmt: skip


def timed_net(runtime: str, size: str, count: int, log: Path) -> dict:
    """Block medians [copies][launches][rounds], ns, and profiles of launches of two copies."""
    budget = dataclasses.replace(STEP, looks=(count,), rounds=ROUNDS)
    with tempfile.TemporaryDirectory() as folder, place(None) as (here, work):
        paths = launch_nets.write(Path(folder), runtime, size, COPIES)
        opened = open_files(here, paths, (1,), None, 0, work, TIMEOUT_S)
        subjects, feeds = opened.subjects, opened.feeds
        session = measure(here, subjects, feeds, budget, log, TIMEOUT_S)
        failed = [one.failed for one in session.timed.values() if one.failed]
        if failed:
            raise SystemExit(f"{runtime} {size}: {failed[0]}")
        profiles = [
            profiling.profiles(here, subjects[:2], feeds, [20, 20], log, TIMEOUT_S)
            for _ in range(PROFILED)
        ]
    medians = [
        [[round(statistics.median(b.steady_ns)) for b in launch.blocks] for launch in one.launches]
        for one in session.timed.values()
    ]
    return {
        "block_ns": medians,
        "profiles_ns": [
            [
                [[(op.type, round(op.ns)) for op in turn.operators] for turn in own[number]]
                for own in pair
            ]
            for pair in profiles
            for number in range(profiling.LAUNCHES)
        ],
        "load_1m": os.getloadavg()[0],
    }


def dealt(net: np.ndarray, what: Decision, rng: random.Random) -> Measurement:
    """A schedule of the decision's budget: at each launch its arms are dealt to processes."""
    copies, count, _ = net.shape
    alone = not what.budget.repeats([float(np.median(net))])
    rounds = what.budget.rounds_alone if alone else what.budget.rounds
    timed = {key: Timed(key, key) for key in what.arms}
    for number in rng.sample(range(count), 1 if alone else what.budget.looks[-1]):
        processes = rng.sample(range(copies), len(what.arms))
        for key, process in zip(what.arms, processes, strict=True):
            blocks = [
                Block(i, 0, [0] * SETTLING + [int(ns)], 0, NONE, NONE)
                for i, ns in enumerate(net[process, number, :rounds])
            ]
            timed[key].launches.append(Launch(UNKNOWN, 0, [], None, blocks=blocks))
    return Measurement(what.budget, 0, timed, what.arms[0], what.twin)


def ended(whole: Measurement, what: Decision) -> Measurement:
    """As much of a schedule as there is when it ends by itself."""
    for looks, count in enumerate(what.budget.looks, 1):
        timed = {
            key: dataclasses.replace(one, launches=one.launches[:count])
            for key, one in whole.timed.items()
        }
        session = dataclasses.replace(whole, timed=timed, looks=looks)
        if what.stop(session):
            break
    return session


def once(net: np.ndarray, rng: random.Random) -> str:
    """What the rounds of one launch alone said of two processes: a screen before decision 32."""
    own, other = rng.sample(range(net.shape[0]), 2)
    rows = np.log(net[:, rng.randrange(net.shape[1])])
    word, *_ = verdict.compare([rows[other] - rows[own]])
    return word


def drawn(net: np.ndarray, what: Decision, draws: int) -> dict:
    """The decision again and again on one net's launches."""
    rng = random.Random(0)
    found, used, alone = [], [], []
    for _ in range(draws):
        whole = dealt(net, what, rng)
        session = ended(whole, what)
        found.append(what.words(session))
        used.append(len(next(iter(session.timed.values())).launches))
        alone.append(once(net, rng))
    wrong = sum(any(word in WRONG for word in words) for words in found)
    kept = sum("FASTER" in words for words in found)
    return {
        "draws": draws,
        "wrong": wrong / draws,
        "kept": kept / draws,
        "one_launch_alone_wrong": sum(word in WRONG for word in alone) / draws,
        "words": dict(Counter(word for words in found for word in words)),
        "launches": statistics.mean(used),
        "disjoint": max(1, net.shape[1] // what.budget.looks[-1])
        * max(1, net.shape[0] // len(what.arms)),
    }


def priced(profiles: Sequence, layers: int, draws: int) -> dict | None:
    """Prices of each layer of one file in float over the same file "in integers"."""
    groups = tuple(
        GroupSensitivity(
            group=Group(first=i, last=i, layers=(str(i),), elements=0), alone=0.1, without=0.9
        )
        for i in range(layers)
    )
    table = LayerSensitivity(plain=1.0, groups=groups, samples=1, seconds=0.0)
    made = [[[as_profile(turn) for turn in own] for own in pair] for pair in profiles]
    rng = random.Random(0)
    wrong = 0
    for _ in range(draws):
        pairs = [rng.sample(pair, 2) for pair in rng.sample(made, profiling.LAUNCHES)]
        found = prices.price_groups(table, [p[0] for p in pairs], [p[1] for p in pairs])
        if any(price.cost_ms is None for price in found):
            return None
        wrong += any(p.cost_low_ms > 0 or p.cost_high_ms < 0 for p in found)
    return {
        "draws": draws,
        "wrong": wrong / draws,
        "launches": profiling.LAUNCHES,
        "disjoint": len(made) // profiling.LAUNCHES,
    }


def as_profile(operators: Sequence) -> TimeProfile:
    made = tuple(
        OperatorTime(name=kind, type=kind, precision=None, output=None, detail="", layers=(),
                     fallback=False, ns=float(ns))
        for kind, ns in operators
    )  # fmt: skip
    total = sum(op.ns for op in made)
    return TimeProfile(runtime="", how="", operators=made, total_ns=total, plain_ns=total, runs=1)


def spread(net: np.ndarray) -> dict:
    """By what share launches differ beyond what their rounds explain (median deviations)."""
    logs = np.log(net) - np.log(net).mean(axis=0, keepdims=True)
    centres = np.median(logs, axis=2)
    rounds = 1.4826 * float(np.median(np.abs(logs - centres[:, :, None])))
    seen = (1.4826 * float(np.median(np.abs(centres)))) ** 2 * net.shape[0] / (net.shape[0] - 1)
    within = (1.2533 * rounds) ** 2 / net.shape[2]
    p50 = float(np.median(net))
    return {
        "p50_us": round(p50 / 1e3, 2),
        "launch_sd": round(max(0.0, seen - within) ** 0.5, 4),
        "prior_sd": round(launches.launch_sd(p50), 4),
        "round_sd": round(rounds, 4),
    }


def summary(nets: dict, draws: int) -> dict:
    """All decisions on all nets; the rates of all nets together count disjoint parts only."""
    by_net = {}
    for name, net in nets.items():
        table = np.array(net["block_ns"], dtype=np.float64)
        own = {kind: drawn(table, what, draws) for kind, what in DECISIONS.items()
               if what.budget.looks[-1] <= table.shape[1]}  # fmt: skip
        price = priced(net["profiles_ns"], launch_nets.layers(name.partition(" ")[2]), draws)
        if price:
            own["price"] = price
        by_net[name] = {**spread(table), "load_1m": net["load_1m"], "decisions": own}
        print(name, {k: v for k, v in by_net[name].items() if k != "decisions"}, flush=True)
    kinds = dict.fromkeys(kind for one in by_net.values() for kind in one["decisions"])
    together = {}
    for kind in kinds:
        own = [one["decisions"][kind] for one in by_net.values() if kind in one["decisions"]]
        rate = statistics.mean(one["wrong"] for one in own)
        disjoint = sum(one["disjoint"] for one in own)
        together[kind] = {
            "wrong": round(rate, 4),
            "disjoint": disjoint,
            "wrong_95": wilson(rate * disjoint, disjoint),
        }
        alone = [one["one_launch_alone_wrong"] for one in own if "one_launch_alone_wrong" in one]
        if alone:
            together[kind]["one_launch_alone_wrong"] = round(statistics.mean(alone), 4)
    return {"decisions": together, "by_net": by_net}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--launches", type=int, default=16, help="of each copy")
    parser.add_argument("--draws", type=int, default=200, help="of each decision on each net")
    parser.add_argument("--size", choices=launch_nets.SIZES, action="append")
    parser.add_argument("--runtime", choices=launch_nets.RUNTIMES, action="append")
    parser.add_argument("--out", type=Path, default=HERE / "aa_launches.json")
    options = parser.parse_args()
    nets = json.loads(options.out.read_text())["nets"] if options.out.exists() else {}
    for size in options.size or launch_nets.SIZES:
        for runtime in options.runtime or launch_nets.RUNTIMES:
            name = f"{runtime} {size}"
            if name in nets:
                continue
            print(f"measuring {name}", file=sys.stderr, flush=True)
            nets[name] = timed_net(runtime, size, options.launches, options.out.with_suffix(".log"))
            options.out.write_text(json.dumps({"v": 1, "nets": nets}))
    about = {"system": platform.platform(), "cpus": os.cpu_count(), "copies": COPIES}
    result = {"v": 1, "environment": about, **summary(nets, options.draws), "nets": nets}
    options.out.write_text(json.dumps(result) + "\n")
    for kind, one in result["decisions"].items():
        print(kind, one)


if __name__ == "__main__":
    main()
