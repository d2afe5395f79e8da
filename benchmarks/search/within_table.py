"""The table that an order starts from, out of recorded grids: `edgeopt/search/expected.py`."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence

from benchmarks.search import within_grid, within_noise
from benchmarks.search.within_grid import Grid
from edgeopt.search.expected import FLOATS, pair_of
from edgeopt.search.usual import Family, Pair, Share, Table

#: A spread is of few grids: as if so many more had been seen, with that one.
PRIOR, PRIOR_COUNTS = 0.4, 2
LEAST = 0.2
OWN_COUNTS = 1  # what a precision does in all runtimes, beside what was seen of it in one
BASELINE = ("onnxruntime", "fp32")
ELSEWHERE = 0.6  # the least spread of what was seen in the other family alone


def fitted(grids: Sequence[Grid]) -> Table:
    """Of each pair's fastest form beside the fastest fp32 of its runtime."""
    logs: dict[tuple[Family, str], list[float]] = {}
    pairs: dict[tuple[Family, Pair], list[float]] = {}
    paces: dict[tuple[Family, str], list[float]] = {}
    seconds: dict[Pair, list[float]] = {}
    for grid in grids:
        family = within_grid.FAMILIES[grid.workload]
        best = _best_us(grid)
        for (runtime, precision), us in best.items():
            if precision in FLOATS:
                beside = math.log(us / best[BASELINE])
                paces.setdefault((family, runtime), []).append(beside)
            elif (runtime, "fp32") in best:
                share = math.log(us / best[runtime, "fp32"])
                logs.setdefault((family, precision), []).append(share)
                pairs.setdefault((family, (runtime, precision)), []).append(share)
        for pair, one in _seconds(grid).items():
            seconds.setdefault(pair, []).append(one)
    families: tuple[Family, ...] = ("convolutions", "other")
    precisions = sorted({precision for _, precision in logs})
    shares = {family: {p: _share(logs, family, p) for p in precisions} for family in families}
    means = {pair: round(statistics.mean(some), 1) for pair, some in sorted(seconds.items())}
    own = {family: _own(pairs, shares, family) for family in families}
    runtimes = sorted({runtime for _, runtime in paces})
    fp32 = {family: {r: _share(paces, family, r) for r in runtimes} for family in families}
    return Table(shares=shares, seconds=means, own=own, paces=fp32)


def _own(
    pairs: dict[tuple[Family, Pair], list[float]],
    shares: Mapping[Family, Mapping[str, Share]],
    family: Family,
) -> dict[Pair, Share]:
    """Of a runtime and precision, drawn towards that precision in all runtimes."""
    found = {}
    for (own_family, pair), logs in sorted(pairs.items()):
        if own_family == family:
            usual = math.log(shares[family][pair[1]].median)
            mean = (sum(logs) + OWN_COUNTS * usual) / (len(logs) + OWN_COUNTS)
            found[pair] = Share(round(math.exp(mean), 2), round(_spread(logs), 2))
    return found


def _share(logs: Mapping[tuple[Family, str], list[float]], family: Family, about: str) -> Share:
    own = logs.get((family, about))
    some = own or [one for (_, p), found in logs.items() if p == about for one in found]
    spread = max(_spread(some), LEAST if own else ELSEWHERE)
    return Share(round(math.exp(statistics.mean(some)), 2), round(spread, 2))


def _spread(logs: Sequence[float]) -> float:
    squares = sum((one - statistics.mean(logs)) ** 2 for one in logs)
    spread = math.sqrt((squares + PRIOR_COUNTS * PRIOR**2) / (len(logs) + PRIOR_COUNTS))
    return max(spread, LEAST)


def _best_us(grid: Grid) -> dict[Pair, float]:
    """Of what is tried first."""
    best: dict[Pair, float] = {}
    for recipe in grid.recipes:
        if recipe.id in grid.timed and recipe.id in set(grid.usual):
            us = within_noise.of(grid).us[recipe.id]
            best[pair_of(recipe)] = min(us, best.get(pair_of(recipe), us))
    return best


def _seconds(grid: Grid) -> dict[Pair, float]:
    """To make and score the usual form of each pair."""
    found: dict[Pair, float] = {}
    for recipe in grid.recipes:
        if recipe.id in grid.usual and pair_of(recipe) not in found:
            answered = grid.answered.get(recipe.session_id)
            scored = answered.scoring_s if answered else 0.0
            found[pair_of(recipe)] = grid.made[recipe.conversion_id].seconds + scored
    return found


def printed(table: Table) -> str:
    """As it stands in the module."""
    lines = ["TABLE = Table(", "    shares={"]
    for family, shares in table.shares.items():
        lines.append(f'        "{family}": {{')
        lines += [f'            "{p}": Share({s.median}, {s.spread}),' for p, s in shares.items()]
        lines.append("        },")
    lines += ["    },", "    seconds={"]
    lines += _by_runtime({pair: str(one) for pair, one in table.seconds.items()}, 8)
    lines += ["    },", "    own={"]
    for family, own in table.own.items():
        told = {pair: f"Share({s.median}, {s.spread})" for pair, s in own.items()}
        lines += [f'        "{family}": {{', *_by_runtime(told, 12), "        },"]
    lines += ["    },", "    paces={"]
    for family, paces in table.paces.items():
        each = [f'            "{r}": Share({s.median}, {s.spread}),' for r, s in paces.items()]
        lines += [f'        "{family}": {{', *each, "        },"]
    return "\n".join([*lines, "    },", ")"])


def _by_runtime(told: Mapping[Pair, str], indent: int) -> list[str]:
    return [f'{" " * indent}("{r}", "{p}"): {one},' for (r, p), one in sorted(told.items())]
