"""How sure both parts together must be: the worst case, and recorded answers, rule by rule.

    python -m benchmarks.promise.levels [--recorded] [--out FILE]

`worst`: K fast forms whose true loss is just what is allowed, or a part of a standard error more.
What they lose on samples is normal, and correlated, since they answer the same samples. A form is
asked on the confirming part if the choosing part lets it through; the run errs if any of them is
then found likely to keep the limit. Figures are percent of runs.

`recorded` (with --recorded): the forms of `record.py`, whose answers are right or wrong, drawn as
users' samples; losses and their errors as a task's contributions give them, without margins. [per-
cent of draws whose shipped form loses more than allowed on the whole pool, times as fast as fp32].
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeopt.stats.proportion import reach

HERE = Path(__file__).parent
RUNS, DRAWS = 40_000, 300
#: The one-sided normal quantiles of 95 and 97.5 %.
Z95, Z975 = reach(0.90), reach(0.95)
FORMS = (1, 5, 10, 20)
ALIKE = (0.0, 0.5, 0.8)
BEYOND = (0.0, 0.3, 1.0)
POOLS = ("digits", "handwritten")
#: Samples that choose and that confirm.
PARTS = ((80, 80), (200, 200), (294, 500), (640, 1000))
LIMITS = (0.01, 0.02)

Floats = NDArray[np.float64]

#: Rule -> (what is asked of the choosing part, of the confirming one, of both together), in
#: standard errors below the limit.
RULES = {
    "each part at 97.5 %": (Z975, Z975, 0.0),
    "each part at 95 %": (Z95, Z95, 0.0),
    "both together at 97.5 %": (Z95, 0.0, Z975),
    "both together at 95 %": (Z95, 0.0, Z95),
    "both at 95 %, chosen by the point": (0.0, 0.0, Z95),
}


def errs(forms: int, alike: float, beyond: float, share: float = 0.5) -> dict[str, float]:
    """Rule -> percent of runs that ship one of these forms.

    Args:
        alike: correlation between forms. beyond: of their true loss above the limit, in standard
            errors of all samples. share: of the samples that choose.
    """
    rng = np.random.default_rng(0)

    def part() -> Floats:
        common = np.sqrt(alike) * rng.standard_normal((RUNS, 1))
        found: Floats = common + np.sqrt(1 - alike) * rng.standard_normal((RUNS, forms))
        return found

    first, second = part(), part()
    both = np.sqrt(share) * first + np.sqrt(1 - share) * second + beyond
    first, second = first + beyond * np.sqrt(share), second + beyond * np.sqrt(1 - share)
    found = {}
    for rule, (chosen, confirmed, together) in RULES.items():
        ships = (first < -chosen) & (second < -confirmed) & (both < -together)
        found[rule] = round(100 * float(ships.any(axis=1).mean()), 1)
    return found


def recorded() -> Iterator[dict[str, Any]]:
    """A row for each pool, size of parts and limit."""
    from benchmarks.promise.replay import SPEEDS, _form, _held, _judge

    for pool in POOLS:
        held, judge = _held(pool), _judge(pool, "accuracy")
        names = sorted({key.split(" #")[0] for key in held} & set(SPEEDS), key=lambda n: -SPEEDS[n])
        truths = judge.truths(held["labels"], held["source"])
        right = judge.columns(held["source"], truths)[0].astype(int)
        tables = []
        for number in range(len(held["calibrations"])):
            own = (_form(held, name, number, held["source"]) for name in names)
            tables.append(np.array([right - judge.columns(one, truths)[0] for one in own]))
        speeds = np.array([SPEEDS[name] for name in names])
        for sizes in PARTS:
            for limit in LIMITS:
                found = _drawn(tables, speeds, sizes, limit)
                yield {"pool": pool, "parts": sizes, "limit": limit, **found}


def _drawn(
    tables: list[Floats], speeds: Floats, sizes: tuple[int, int], limit: float
) -> dict[str, list[float]]:
    rng = np.random.default_rng(0)
    broken, logs = dict.fromkeys(RULES, 0), dict.fromkeys(RULES, 0.0)
    for draw in range(DRAWS):
        table = tables[draw % len(tables)]
        rows = rng.integers(0, table.shape[1], sum(sizes))  # the pool stands for all there are
        parts = table[:, rows[: sizes[0]]], table[:, rows[sizes[0] :]], table[:, rows]
        true = table.mean(axis=1)
        for rule, levels in RULES.items():
            form = _shipped(parts, levels, limit)
            broken[rule] += bool(true[form] > limit)
            logs[rule] += math.log(speeds[form])
    return {
        rule: [round(100 * broken[rule] / DRAWS, 1), round(math.exp(logs[rule] / DRAWS), 3)]
        for rule in RULES
    }


def _shipped(
    parts: tuple[Floats, Floats, Floats], levels: tuple[float, float, float], limit: float
) -> int:
    """The number of the form that ships: the first that is told, else the most careful one."""
    values = [part.mean(axis=1) for part in parts]
    bounds = [_bounds(part, level) for part, level in zip(parts, levels, strict=True)]
    there = np.flatnonzero((values[0] <= limit) & (bounds[0] <= limit))
    asked = [form for form in there if values[1][form] <= limit]
    last = bounds[2] if levels[2] else bounds[1]
    told = [form for form in asked if bounds[1][form] <= limit and bounds[2][form] <= limit]
    if told:
        return int(told[0])
    return int(min(asked or range(len(last)), key=lambda form: last[form]))


def _bounds(part: Floats, level: float) -> Floats:
    """Of means of [forms, n]; with the width that n equal answers leave open."""
    n = part.shape[1]
    error = np.sqrt(np.square(part).sum(axis=1)) / n
    bounds: Floats = part.mean(axis=1) + level * np.maximum(error, math.sqrt(2) / (n + 2))
    return bounds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recorded", action="store_true", help="recorded answers as well")
    parser.add_argument("--out", type=Path, default=HERE / "levels.json")
    options = parser.parse_args()
    found: dict[str, Any] = json.loads(options.out.read_text()) if options.out.exists() else {}
    found["worst"] = [
        {"forms": forms, "alike": alike, "beyond": beyond, **errs(forms, alike, beyond)}
        for forms in FORMS
        for alike in ALIKE
        for beyond in BEYOND
    ]
    if options.recorded:
        found["recorded"] = list(recorded())
    options.out.write_text(json.dumps(found, indent=1) + "\n")
    for row in (row for rows in found.values() for row in rows):
        print(row)


if __name__ == "__main__":
    main()
