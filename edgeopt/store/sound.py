"""Whether what a run's folder says holds together: types alone do not tell.

A record that was scored has a recipe, times are above zero, a choice is one of the records. Whoever
reads a run (`report`, `compare`, `explain`, the same call again) may then count on it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from edgeopt.domain.errors import BadInput
from edgeopt.domain.latency import Latency, Verdict
from edgeopt.domain.record import Record
from edgeopt.domain.run import Run
from edgeopt.domain.tensor import TensorSpec

MOST = 1e15
"""Of any number: a million years in milliseconds, a petabyte in bytes."""

MOST_OF_A_SAMPLE = 1 << 36
"""Bytes of one value of one sample."""

_HINT = "The folder was damaged or edited: take it from where it was made, or make the run again."


def require(folder: Path, run: Run, records: Sequence[Record]) -> None:
    """Refuse what cannot be.

    Raises:
        BadInput: the first thing that cannot be, with the file that says so.
    """
    for record in records:
        for what in of_record(record):
            where = f"{folder / 'results.jsonl'} cannot be right: {record.runtime!r} "
            raise BadInput(f"{where}{record.precision!r} {what}.", _HINT)
    for what in _of_run(run, records):
        raise BadInput(f"{folder / 'run.json'} cannot be right: {what}.", _HINT)


def _of_run(run: Run, records: Sequence[Record]) -> Iterator[str]:
    known = {(record.target, record.recipe_id) for record in records}
    if not run.request.targets:
        yield "it has no target"
    for spec in (*run.source.inputs, *run.source.outputs):
        yield from _of_spec(spec)
    for choice in run.choices:
        if choice.target not in run.request.targets:
            yield f"{choice.target!r} was chosen for, and not asked for"
        for recipe in (choice.recipe_id, choice.baseline_id):
            if recipe is not None and (choice.target, recipe) not in known:
                yield f"{recipe!r} was chosen, and no record is of it"
    yield from _numbers(run)


def _of_spec(spec: TensorSpec) -> Iterator[str]:
    try:
        width = 2 if spec.dtype == "bfloat16" else np.dtype(spec.dtype).itemsize
    except TypeError:
        yield f"{spec.name!r} is of a type {spec.dtype!r}, which is none"
        return
    if min(spec.sizes, default=1) < 0 or width * math.prod(spec.sizes) > MOST_OF_A_SAMPLE:
        yield f"{spec.name!r} has a shape of {'x'.join(map(str, spec.sizes))[:80]}"


def of_record(record: Record) -> Iterator[str]:
    """What cannot be of one record."""
    if (record.recipe is None) != (record.recipe_id is None):
        yield "has a recipe without an identity, or the other way round"
    if record.recipe is None and record.status != "skipped":
        yield f"is {record.status!r} without a recipe"
    if record.recipe is not None and record.recipe.runtime != record.runtime:
        yield f"has a recipe of {record.recipe.runtime!r}"
    if record.latency_ms is not None:
        yield from _of_latency(record.latency_ms)
    for verdict in (record.speedup, record.versus_baseline):
        if verdict is not None:
            yield from _of_verdict(verdict)
    yield from _numbers(record)


def _of_latency(latency: Latency) -> Iterator[str]:
    times = (latency.p50, latency.p50_low, latency.p50_high, latency.p90, latency.p99)
    if any(time is not None and not time > 0 for time in times):
        yield "has a latency that is not above zero"
    if latency.n < 1 or latency.launches < 1:
        yield "has a latency of no sample"


def _of_verdict(verdict: Verdict) -> Iterator[str]:
    ratios = (verdict.ratio, verdict.low, verdict.high)
    if any(ratio is not None and not ratio > 0 for ratio in ratios):
        yield "is a share of another's time that is not above zero"


def _numbers(value: Any) -> Iterator[str]:
    """Numbers that no measurement gives."""
    waiting = [msgspec.to_builtins(value)]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            waiting += [inner for key, inner in one.items() if key not in _FREE]
        elif isinstance(one, list | tuple):
            waiting += one
        elif isinstance(one, int | float) and not (math.isfinite(one) and abs(one) < MOST):
            yield f"has a number that cannot be ({one:.3g})"


#: What others say, in words and numbers of their own.
_FREE = ("environment", "options", "records", "seed")
