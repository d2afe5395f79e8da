"""How often the intervals of a metric of one's own hold the true value, by both ways of resampling.

    python -m benchmarks.intervals.coverage [--draws 100] [--truth 2000]

True is the mean over `--truth` draws of the same number of samples: what the metric gives for as
many other samples. Each draw gets the intervals that a run would print, of its score and of the
drop between two sets of answers. Writes coverage.json; some 10 minutes on a core.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.intervals import functions
from edgeopt.datasets.metrics import metric
from edgeopt.datasets.scores import drop, score

RESULTS = Path(__file__).with_suffix(".json")
SIZES = (60, 150)
WAYS = ("subsample", "bootstrap")
MAX_DROP = 0.01
RESAMPLES = 200  # in both ways


def coverage(kind: str, n: int, draws: int, truths: int) -> list[dict[str, Any]]:
    """A row for each way: shares of intervals that hold the truth, and their mean widths."""
    name, draw = functions.KINDS[kind]
    rng = np.random.default_rng(n)
    value = getattr(functions, name)
    sign = -1 if getattr(value, "lower_is_better", False) else 1
    values = []
    for _ in range(truths):
        source, candidate, labels = draw(n, rng)
        before, after = value(source, labels), value(candidate, labels)
        values.append((before, sign * (before - after)))
    truth = np.mean(values, axis=0)
    held: dict[str, list[list[float]]] = {way: [] for way in WAYS}
    for _ in range(draws):
        given = draw(n, rng)
        for way in WAYS:
            held[way].append(_held(f"{functions.__name__}:{name}", way, given, truth))
    found = []
    for way in WAYS:
        score_held, score_width, drop_held, drop_width = np.mean(held[way], axis=0).tolist()
        found.append({"metric": kind, "n": n, "way": way, "score": round(100 * score_held, 1),
                      "drop": round(100 * drop_held, 1), "score_width": round(score_width, 4),
                      "drop_width": round(drop_width, 4)})  # fmt: skip
    return found


def _held(name: str, way: str, given: functions.Draw, truth: np.ndarray) -> list[float]:
    source, candidate, labels = given
    judge = replace(metric(name, labels, source), resampling=way, resamples=RESAMPLES)
    scored = score(judge, source, labels, None, "choose")
    lost = drop(judge, candidate, source, labels, None, MAX_DROP)
    assert scored.low is not None
    assert scored.high is not None
    assert lost.low is not None
    assert lost.high is not None
    return [
        scored.low <= truth[0] <= scored.high, scored.high - scored.low,
        lost.low <= truth[1] <= lost.high, lost.high - lost.low,
    ]  # fmt: skip


def table(rows: list[dict[str, Any]]) -> str:
    """The rows of docs/data.md: score and drop, by halves and by repeats."""
    lines = []
    for kind in functions.KINDS:
        cells = [kind]
        for n in SIZES:
            by = {row["way"]: row for row in rows if (row["metric"], row["n"]) == (kind, n)}
            cells += [
                f"{by[way]['score']:.0f}, {by[way]['drop']:.0f}" if way in by else "–"
                for way in WAYS
            ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=100)
    parser.add_argument("--truth", type=int, default=2000)
    asked = parser.parse_args(arguments)
    rows: list[dict[str, Any]] = []
    for kind in functions.KINDS:
        for n in SIZES:
            rows += coverage(kind, n, asked.draws, asked.truth)
            print(*rows[-2:], sep="\n", flush=True)
            RESULTS.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")
    print(table(rows))


if __name__ == "__main__":
    main(sys.argv[1:])
