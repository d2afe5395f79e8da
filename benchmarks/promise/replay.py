"""How often what ships loses more than allowed on samples that nobody gave: rules side by side.

    python -m benchmarks.promise.replay [KIND ...] [--draws 200] [--jobs 2] [--out FILE]

A draw is a user's small set, taken from a pool whose every answer was recorded (`record.py`):
20 % calibrates (one of ten recorded draws), 40 % chooses, 40 % confirms, and all that is left of
the pool judges what ships. Nothing is converted. Rules decide by `edgeopt`'s own scores and order.
Speeds are a fixed table, so that rules differ by nothing else: the ratios that traps of the first
numbers of EfficientNet-Lite0 had for real forms, and a twentieth more for each step of damage.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import json
import math
import multiprocessing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.promise.draw import LIMIT, Draw, NeighbourDraw
from benchmarks.promise.record import place
from edgeopt.datasets.metric import Metric
from edgeopt.datasets.metrics import metric
from edgeopt.domain.latency import Latency
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.record import Record
from edgeopt.domain.run import Constraints
from edgeopt.domain.score import Drop
from edgeopt.search import choose

HERE = Path(__file__).parent
SIZES = (100, 200, 300, 500)

#: Times as fast as ONNX Runtime's fp32.
SPEEDS = {
    "onnxruntime fp32": 1.0, "litert fp32": 0.97, "openvino fp32": 1.05, "noise 0.005": 1.15,
    "9-bit weights": 1.2, "noise 0.01": 1.3, "8-bit weights": 1.4, "noise 0.02": 1.5,
    "openvino bf16": 1.65, "litert int8-dynamic": 0.6, "onnxruntime int8-static": 1.55,
    "openvino int8-static": 1.75, "litert int8-static": 1.7, "7-bit weights": 1.8,
    "noise 0.04": 1.9, "6-bit weights": 2.0, "noise 0.08": 2.1, "5-bit weights": 2.2,
    "4-bit weights": 2.3,
}  # fmt: skip

#: The one that is judged by a task, whose bound comes of contributions alone.
NEIGHBOURS = "recall@1"

#: Kind of metric -> (pool, metric).
KINDS = {
    "accuracy": (("digits", "accuracy"), ("handwritten", "accuracy"), ("loops", "accuracy")),
    "agreement": (("digits", "agreement"), ("handwritten", "agreement"), ("loops", "agreement")),
    "F1": (("handwritten", "f1"), ("loops", "f1")),
    "ROC AUC": (("loops", "roc-auc"),),
    "values": (("angles", "mae"), ("angles", "mse"), ("angles", "agreement")),
    "neighbours": (("digits", NEIGHBOURS), ("handwritten", NEIGHBOURS)),
    "groups told": (("bursts", "accuracy"), ("bursts", "agreement")),
    "groups not told": (("bursts", "accuracy"), ("bursts", "agreement")),
}


@functools.cache
def _held(pool: str) -> dict[str, np.ndarray]:
    with np.load(place(pool)) as file:
        return {key: file[key] for key in file.files}


@functools.cache
def _judge(pool: str, name: str) -> Metric:
    held = _held(pool)
    known = "accuracy" if name == NEIGHBOURS else name
    return dataclasses.replace(metric(known, held["labels"], held["source"]), resamples=100)


def draws(pool: str, name: str, number: int, told: bool) -> Iterator[Draw]:
    """One draw of each size, seeded by its number."""
    held = _held(pool)
    source, groups = held["source"], held.get("groups")
    forms = {key.split(" #")[0] for key in held} & set(SPEEDS)
    for size in SIZES:
        rng = np.random.default_rng([size, number])
        calibration = number % len(held["calibrations"])
        candidates = {form: _form(held, form, calibration, source) for form in forms}
        parts = _parts(rng, size, held["calibrations"][calibration], groups, len(source))
        kind = NeighbourDraw if name == NEIGHBOURS else Draw
        yield kind(
            _judge(pool, name), source, held["labels"], groups, held["inputs"], candidates,
            *parts, told=told,
        )  # fmt: skip


def _form(
    held: Mapping[str, np.ndarray], form: str, calibration: int, source: np.ndarray
) -> np.ndarray:
    own = sorted(key for key in held if key == form or key.startswith(f"{form} #"))
    return held[own[calibration % len(own)]].reshape(source.shape)


def _parts(
    rng: np.random.Generator, size: int, calibrated: np.ndarray, groups: np.ndarray | None, n: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows that choose, confirm, and are left; whole groups where there are groups."""
    each = round(0.4 * size)
    if groups is None:
        free = rng.permutation(np.setdiff1d(np.arange(n), calibrated))
        return free[:each], free[each : 2 * each], free[2 * each :]
    # As few groups as the size holds: 40 samples each.
    order = rng.permutation(np.unique(groups))
    several = max(1, each // 40)
    first, second = order[:several], order[several : 2 * several]
    left = ~np.isin(groups, order[: 2 * several])
    rows = [
        rng.permutation(np.flatnonzero(np.isin(groups, part)))[:each] for part in (first, second)
    ]
    return rows[0], rows[1], np.flatnonzero(left)


@dataclass(frozen=True)
class Shipped:
    """What a rule ships; name "" where nothing. `held`: whether it says so."""

    name: str
    held: bool


def before(draw: Draw) -> Shipped:
    """Decision 5 as it was: the fastest whose point is not above the limit, on both parts."""
    for name in _fastest_first(draw):
        if draw.point(name, draw.confirm) <= LIMIT:
            return Shipped(name, True)
    return Shipped("", False)


def _fastest_first(draw: Draw) -> list[str]:
    """What qualifies on the choosing part."""
    order = sorted(draw.candidates, key=lambda name: -SPEEDS[name])
    return [name for name in order if draw.point(name, draw.choose) <= LIMIT]


def proven(draw: Draw) -> Shipped:
    """The fastest whose interval lies below the limit on the confirming part."""
    for name in _fastest_first(draw):
        if draw.point(name, draw.confirm) <= LIMIT and draw.drop(name, draw.confirm).resolved:
            return Shipped(name, True)
    return Shipped("", False)


def each(draw: Draw) -> Shipped:
    """As `now`, but each part is judged by itself (decision 34 as it was)."""
    return _shipped(draw, together=False)


def now(draw: Draw) -> Shipped:
    """What `Final` and `Confirm` of `pipeline/steps/` do, less forms of what fell."""
    return _shipped(draw, together=True)


def _shipped(draw: Draw, together: bool) -> Shipped:
    limits = Constraints(max_drop=LIMIT)
    scored = [_record(name, draw.bounded(name, draw.choose)) for name in _fastest_first(draw)]
    passed: list[Record] = []
    for record in choose.in_order(scored, limits):
        if passed and not choose.likely(record, limits):
            break
        drop = draw.bounded(str(record.recipe_id), draw.confirm)
        confirmed = _record(str(record.recipe_id), record.drop, drop)
        if choose.shortfalls(confirmed, limits):
            continue
        if not together:
            confirmed = _record(confirmed.runtime, drop)
        passed.append(confirmed)
        if choose.likely(confirmed, limits):
            break
    best = choose.most_careful(passed)
    if best is None:
        return Shipped("", False)
    told = draw.drop(str(best.recipe_id), draw.confirm)
    return Shipped(str(best.recipe_id), told.resolved)


def _record(name: str, drop: Drop | None, confirm: Drop | None = None) -> Record:
    p50 = 1 / SPEEDS[name]
    return Record(
        target="", device="", runtime=name, precision="fp32", recipe_id=name,
        recipe=Recipe(runtime="onnxruntime", precision="fp32"), status="ok", step=None, drop=drop,
        confirm_drop=confirm,
        latency_ms=Latency(
            p50=p50, p50_low=p50, p50_high=p50, p90=None, n=1, launches=1, stage="final"
        ),
    )  # fmt: skip


RULES: dict[str, Callable[[Draw], Shipped]] = {
    "before": before, "proven only": proven, "each part alone": each, "now": now,
}  # fmt: skip


Tally = dict[str, dict[str, Any]]


def tally(task: tuple[str, int]) -> tuple[str, Tally]:
    """(kind, rule -> counts) over one draw of each size of each pool of a kind of metric."""
    kind, number = task
    found: Tally = {
        rule: {"draws": 0, "nothing": 0, "broken": 0, "held": 0, "held_broken": 0, "logs": 0.0}
        for rule in RULES
    }
    for pool, name in KINDS[kind]:
        for draw in draws(pool, name, number, told=kind != "groups not told"):
            truths: dict[str, float] = {}
            for rule, ship in RULES.items():
                _count(found[rule], draw, ship(draw), truths)
    return kind, found


def _added(one: Tally, other: Tally) -> Tally:
    return {
        rule: {key: value + other[rule][key] for key, value in row.items()}
        for rule, row in one.items()
    }


def _count(row: dict[str, Any], draw: Draw, shipped: Shipped, truths: dict[str, float]) -> None:
    row["draws"] += 1
    if not shipped.name:
        row["nothing"] += 1
        return
    if shipped.name not in truths:
        truths[shipped.name] = draw.truth(shipped.name)
    broken = truths[shipped.name] > LIMIT
    row["broken"] += int(broken)
    row["held"] += int(shipped.held)
    row["held_broken"] += int(shipped.held and broken)
    row["logs"] += math.log(SPEEDS[shipped.name])


def _told(tally: Tally) -> Tally:
    """With the geometric mean of speeds in place of the sum of their logarithms."""
    return {
        rule: {key: value for key, value in row.items() if key != "logs"}
        | {"speed": round(math.exp(row["logs"] / max(1, row["draws"] - row["nothing"])), 3)}
        for rule, row in tally.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*", help=f"of {', '.join(KINDS)}; all")
    parser.add_argument("--draws", type=int, default=200, help="of a kind, at the least")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, default=HERE / "replay.json")
    options = parser.parse_args()
    options.kinds = options.kinds or list(KINDS)
    each = {
        kind: math.ceil(options.draws / len(SIZES) / len(KINDS[kind])) for kind in options.kinds
    }
    tasks = [(k, i) for i in range(max(each.values())) for k in options.kinds if i < each[k]]
    for kind in options.kinds:
        for pool, name in KINDS[kind]:
            _judge(pool, name)  # before the fork: once for all
    found: dict[str, Tally] = {}
    with multiprocessing.get_context("fork").Pool(options.jobs) as workers:
        for kind, one in workers.imap_unordered(tally, tasks):
            found[kind] = _added(found[kind], one) if kind in found else one
            told = {name: _told(found[name]) for name in KINDS if name in found}
            options.out.write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()
