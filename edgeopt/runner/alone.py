"""ON THE DEVICE. One file, timed alone: what `run.py --benchmark` of a bundle does.

The clock and the loop are the runner's own (`durations`), and so are warm-up, blocks and launches
in fresh processes: the schedule is the one that the record was measured with. Only the
interleaving with other candidates is missing, since they are not here. Figures are made as
`harness/figures.py` makes them; a test holds both to each other. Standard library and numpy.
"""

from __future__ import annotations

import statistics
import time

import numpy as np

INPUTS = 8  # samples that are taken in turn
RESAMPLES = 2000
MARGIN = 0.02  # of `stats/verdict.py`: a smaller difference counts as none


def durations(run, inputs, position, count):
    """`count` inferences, inputs taken in turn from `position` on: the nanoseconds of each."""
    clock, size = time.perf_counter_ns, len(inputs)
    times = []
    for _ in range(count):
        arrays = inputs[position % size]
        position += 1
        start = clock()
        run(arrays)
        times.append(clock() - start)
    return times


def launch(run, inputs, schedule):
    """Warm up, then blocks: [block][inference] in ns, settling inferences left out."""
    durations(run, inputs, 0, 1)
    end, warm = time.perf_counter_ns() + int(schedule["warmup_s"] * 1e9), []
    while len(warm) < schedule["warmup_runs"] or time.perf_counter_ns() < end:
        warm += durations(run, inputs, len(warm) + 1, 1)
    typical, settling = statistics.median(warm), schedule["settling"]
    counted = max(schedule["block_runs"], round(schedule["block_s"] * 1e9 / typical))
    counted = max(1, min(counted, int(schedule["block_most_s"] * 1e9 / typical)))
    blocks, position = [], len(warm) + 1
    for _ in range(schedule["rounds"]):
        blocks.append(durations(run, inputs, position, settling + counted)[settling:])
        position += settling + counted
    return blocks


def figures(launches):
    """p50 of all steady runs, and the interval of medians of blocks by launch, in ms."""
    samples = [t / 1e6 for blocks in launches for block in blocks for t in block]
    groups = [[statistics.median(block) / 1e6 for block in blocks] for blocks in launches]
    p50, (low, high) = float(np.median(samples)), _interval(groups)
    return {
        "p50_ms": round(p50, 6),
        "p50_low_ms": round(min(low, p50), 6),
        "p50_high_ms": round(max(high, p50), 6),
        "least_ms": round(min(samples), 6),
        "n": len(samples),
        "launches": len(launches),
    }


def _interval(groups):
    """Of the median: launches are drawn, then blocks in each (`stats/bootstrap.py`)."""
    rng = np.random.default_rng(0)
    sizes = np.array([len(group) for group in groups])
    table = np.full((len(groups), sizes.max()), np.nan)
    for row, group in zip(table, groups):
        row[: len(group)] = group
    drawn = rng.integers(len(groups), size=(RESAMPLES, len(groups)))
    within = sizes[drawn][:, :, np.newaxis]
    place = (rng.random((RESAMPLES, *table.shape)) * within).astype(np.intp)
    values = table[drawn[:, :, np.newaxis], place]
    values[np.broadcast_to(np.arange(table.shape[1]) >= within, values.shape)] = np.nan
    medians = np.nanmedian(values.reshape(RESAMPLES, -1), axis=1)
    low, high = np.quantile(medians, [0.025, 0.975])
    return float(low), float(high)


def agreement(found, recorded):
    """How figures stand to the record's: a word, and the ratio of the medians.

    "agrees" where the two intervals meet, since the difference may then be chance, and where the
    medians differ by less than `MARGIN`, which counts as no difference in verdicts either.
    """
    if recorded is None:
        return {"word": "not recorded", "ratio": None}
    meet = (
        found["p50_low_ms"] <= recorded["p50_high"] and recorded["p50_low"] <= found["p50_high_ms"]
    )
    ratio = found["p50_ms"] / recorded["p50"]
    near = 1.0 / (1.0 + MARGIN) < ratio < 1.0 + MARGIN
    word = "agrees" if meet or near else "faster" if ratio < 1.0 else "slower"
    return {"word": word, "ratio": round(ratio, 4)}


def random_inputs(bindings, count=INPUTS):
    """{name: [count, *shape]} in the original's types: normal numbers, bytes, 0 and 1 of others."""
    rng = np.random.default_rng(0)
    found = {}
    for binding in bindings:
        dtype, shape = np.dtype(binding["original_dtype"]), (count, *binding["original_shape"])
        if dtype.kind == "f":
            array = rng.normal(size=shape)
        else:  # an index beyond a table would end the run: 0 and 1 are in all but the smallest
            array = rng.integers(0, 256 if dtype == np.uint8 else 2, shape)
        found[binding["source"]] = array.astype(dtype)
    return found
