"""How good the best of a limited time is: recorded grids, replayed.

    python -m benchmarks.search.within record [WORKLOAD ...]   # some minutes each
    python -m benchmarks.search.within replay [NETWORK ...] [--replays 50]
    python -m benchmarks.search.within shares [NETWORK ...]   # at other shares of the time
    python -m benchmarks.search.within table    # what the order expects, out of the grids
    python -m benchmarks.search.within curves   # docs/images/within-*.svg, of what was replayed

Each grid has all candidates of one network (threads, settings of sessions and quantizers count)
with the seconds of each step, the answers and the times. A replay spends a share of the grid's time
by the order of `optimize --time` (the same code), by a random order and by Optuna's TPE, and counts
how often what it chose is within 3 % of the best allowed latency. "held-out table" is the order
with a table of the other grids alone: what a network that no grid is of may expect; it is also
replayed with other draws than those that are reported, and with the times of each form as they were
recorded (`within_noise.py` says why that is not what a run sees). `within.json` has the result.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.search import within_curves, within_grid, within_noise, within_table
from benchmarks.search.within_draw import CLOSE, MAX_DROP, Draw
from benchmarks.search.within_grid import Grid
from benchmarks.search.within_noise import Noise
from benchmarks.search.within_replay import by_order
from benchmarks.search.within_ways import by_random, by_tpe
from edgeopt.domain.recipe import Recipe

Way = Callable[[Draw, float], Recipe | None]

RESULTS = Path(__file__).with_suffix(".json")
SHARE = 0.25
#: Other shares are replayed less often, for the curves.
SHARES, FEWER = (0.05, 0.1, 0.15, 0.4, 0.7, 1.0), 0.3
WORDS, HELD_OUT = "default order", "held-out table"
WAYS: dict[str, Way] = {WORDS: by_order, "random": by_random, "TPE": by_tpe}
#: As many others again as are reported, so that nothing is fitted to those that are.
OTHERS, TIMES_OTHERS = "held-out table, other draws", 2
ALONE = "held-out table, each form's times as recorded"


def held_out(grid: Grid) -> Way:
    """The order with a table of the other grids."""
    others = [name for name in within_grid.NAMES if name != grid.workload]
    table = within_table.fitted([within_grid.read(name) for name in others])
    return partial(by_order, table=table)


def replayed(
    grid: Grid, way: Way, share: float, replays: int, other: Sequence[int] = (),
    noise: Noise | None = None,
) -> dict[str, Any]:  # fmt: skip
    """So many replays of one way: how often it came within 3 %, and how far off it was.

    Args:
        other: of the seed: (): the draws that are reported.
        noise: None: all forms of a schedule share its moments.
    """
    limit_s, spent = share * grid.seconds, []
    ratios: list[float] = []
    for number in range(replays):
        rng = np.random.default_rng([number, round(1000 * share), *other])
        draw = Draw(grid, rng, noise or within_noise.of(grid))
        chosen = way(draw, limit_s)
        spent.append(draw.now / limit_s)
        us = draw.true_us(chosen) if chosen and draw.is_allowed(chosen) else float("inf")
        ratios.append(us / draw.best_us())
    found = [ratio for ratio in ratios if np.isfinite(ratio)]
    return {
        "replays": replays,
        "within": round(float(np.mean([ratio <= CLOSE for ratio in ratios])), 3),
        "median_ratio": round(float(np.median(found)), 3) if found else None,
        "worst_ratio": round(max(found), 3) if found else None,
        "nothing": sum(not np.isfinite(ratio) for ratio in ratios),
        "spent": round(float(np.mean(spent)), 3),
        "spent_most": round(max(spent), 3),
    }


def quarter(grid: Grid, replays: int) -> dict[str, Any]:
    """All ways in a quarter of the time; the held-out one with other draws, too."""
    way = held_out(grid)
    found = {HELD_OUT: replayed(grid, way, SHARE, replays)}
    found[OTHERS] = replayed(grid, way, SHARE, TIMES_OTHERS * replays, (1,))
    found[ALONE] = replayed(grid, way, SHARE, replays, (), within_noise.as_recorded(grid))
    return found | {name: replayed(grid, one, SHARE, replays) for name, one in WAYS.items()}


def at_other_shares(grid: Grid, replays: int) -> dict[str, Any]:
    """For the curves."""
    times = round(FEWER * replays)
    return {
        str(share): {name: replayed(grid, way, share, times) for name, way in WAYS.items()}
        for share in SHARES
    }


def summary(grid: Grid) -> dict[str, Any]:
    """What a grid is."""
    return {
        "candidates": len(grid.recipes),
        "runtimes": len({recipe.runtime for recipe in grid.recipes}),
        "grid_s": round(grid.seconds),
    }


def table(found: dict[str, Any]) -> str:
    """For docs/search-within-time.md: share of replays within 3 %, in a quarter of the time."""
    names = (HELD_OUT, OTHERS, ALONE, WORDS, "random", "TPE")
    lines = [f"| network | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    for network, one in found["workloads"].items():
        told = one["by_share"][str(SHARE)]
        cells = [f"{100 * told[name]['within']:.0f} %" for name in names]
        lines.append(f"| {network} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _kept(name: str, summed: dict[str, Any], by_share: dict[str, Any]) -> dict[str, Any]:
    """`within.json` with what was found of one network."""
    workloads = json.loads(RESULTS.read_text())["workloads"] if RESULTS.exists() else {}
    known = workloads.get(name, {}).get("by_share", {})
    found = {
        "how": "python -m benchmarks.search.within replay, and shares",
        "close": CLOSE,
        "max_drop": MAX_DROP,
        "workloads": workloads | {name: {**summed, "by_share": known | by_share}},
    }
    RESULTS.write_text(json.dumps(found, indent=1) + "\n")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("record", "replay", "shares", "table", "curves"))
    parser.add_argument("names", nargs="*", help=f"of {', '.join(within_grid.NAMES)}; all")
    parser.add_argument("--replays", type=int, default=50)
    asked = parser.parse_args()
    if asked.what == "record":
        from benchmarks.search import within_record

        for name in asked.names or within_grid.NAMES:
            grid = within_record.record(name)
            print(f"{name}: {len(grid.recipes)} candidates, {grid.seconds:.0f} s", flush=True)
        return
    if asked.what == "table":
        every = [within_grid.read(name) for name in within_grid.NAMES]
        print(within_table.printed(within_table.fitted(every)))
        return
    if asked.what == "curves":
        print("\n".join(map(str, within_curves.draw(json.loads(RESULTS.read_text())))))
        return
    recorded = [name for name in within_grid.NAMES if (within_grid.PLACE / f"{name}.json").exists()]
    for name in asked.names or recorded:
        grid = within_grid.read(name)
        if asked.what == "replay":
            by_share = {str(SHARE): quarter(grid, asked.replays)}
        else:
            by_share = at_other_shares(grid, asked.replays)
        found = _kept(name, summary(grid), by_share)
    print(table(found))


if __name__ == "__main__":
    main()
