"""Which tensor of an artifact stands for which of the source's, where no name or shape tells.

Source and artifact are asked about a sample; the arrangement whose answers agree is taken.
"""

from __future__ import annotations

import contextlib
import functools
import math
from collections.abc import Sequence
from itertools import islice
from typing import Any

import msgspec
import numpy as np

from edgeopt import runtimes
from edgeopt.convert.bindings import arrangements, bind, candidates, taken
from edgeopt.convert.job import Job
from edgeopt.convert.relaxation import Relaxation
from edgeopt.domain.tensor import Binding, TensorSpec
from edgeopt.jobs.told import reason
from edgeopt.runtimes import binding
from edgeopt.sources.source import Source

Arrays = dict[str, np.ndarray]

MOST = 120
"""Arrangements that are tried: of five tensors that are all alike."""

SAMPLES = 2


def bound(
    job: Job, session: Any, permutes: dict[str, tuple[int, ...]]
) -> tuple[tuple[Binding, ...], tuple[Binding, ...]]:
    """The bindings of an artifact's inputs and outputs.

    Args:
        session: of the artifact, open. permutes: see `bindings.bind`.

    Raises:
        EdgeoptError: counts or shapes cannot be matched.
    """
    needed = taken(job.source.inputs, session.inputs, permutes)
    ends = (needed, session.inputs), (job.source.outputs, session.outputs)
    found = [candidates(specs, tensors, permutes) for specs, tensors in ends]
    chosen: list[Sequence[int] | None] = [None, None]
    if any(len(one) > 1 for role in found for one in role):
        try:
            chosen = list(_by_value(job, needed, session, permutes, found))
        except Exception as error:  # a session that does not run here: their order stands
            print(reason(error, "tensors are matched by their order"))  # noqa: T201 (log)
    inputs, outputs = (
        bind(specs, tensors, permutes, order)
        for (specs, tensors), order in zip(ends, chosen, strict=True)
    )
    return inputs, outputs


def _by_value(
    job: Job,
    needed: tuple[TensorSpec, ...],
    session: Any,
    permutes: dict[str, tuple[int, ...]],
    found: list[list[tuple[int, ...]]],
) -> tuple[Sequence[int], Sequence[int]]:
    samples, expected = asked(job)
    best: tuple[float, Sequence[int], Sequence[int]] | None = None
    failed: Exception | None = None
    for order in islice(arrangements(found[0]), MOST):
        inputs = bind(needed, session.inputs, permutes, order)
        try:
            results = [session.run(fed(inputs, sample)) for sample in samples]
        except Exception as error:  # a place in a table, given where it is no place
            failed = failed or error
            continue
        for places in islice(arrangements(found[1]), MOST):
            outputs = bind(job.source.outputs, session.outputs, permutes, places)
            off = sum(map(distance, (read(outputs, one) for one in results), expected))
            if best is None or off < best[0]:
                best = off, order, places
    if best is None:
        assert failed is not None, "there is one arrangement at least"
        raise failed
    return best[1], best[2]


def random(source: Source) -> Arrays:
    """A sample where no data is: no two inputs are alike."""
    rng = np.random.default_rng(0)
    return {spec.name: _values(rng, spec) for spec in source.inputs}


def _values(rng: np.random.Generator, spec: TensorSpec) -> np.ndarray:
    shape = spec.sizes
    if np.dtype(spec.dtype).kind == "f":
        return rng.standard_normal(shape).astype(spec.dtype)
    return rng.integers(0, 2, shape).astype(spec.dtype)


def answers(source: Source, samples: Sequence[Arrays]) -> list[Arrays]:
    """The source's own answers to samples, {output: [*shape]}."""
    session = runtimes.load(source.reference_runtime).open_session(
        source.reference_path, 1, source.reference_options
    )
    with contextlib.closing(session):
        inputs = source.reference_inputs or bind(source.inputs, session.inputs, {})
        outputs = source.reference_outputs or bind(source.outputs, session.outputs, {})
        return [read(outputs, session.run(fed(inputs, sample))) for sample in samples]


def asked(job: Job) -> tuple[list[Arrays], list[Arrays]]:
    """A few samples, and the source's own answers to them: a conversion asks for them once.

    Of the calibrating part; a random one where that has none.
    """
    alike = msgspec.structs.replace(job, folder="", base=None, relaxation=Relaxation())
    return _asked(msgspec.json.encode(alike))


@functools.lru_cache(maxsize=1)
def _asked(encoded: bytes) -> tuple[list[Arrays], list[Arrays]]:
    job = msgspec.json.decode(encoded, type=Job)
    samples = list(job.samples(SAMPLES)) or [random(job.source)]
    return samples, answers(job.source, samples)


def fed(inputs: Sequence[Binding], sample: Arrays) -> list[Any]:
    """A sample as a session takes it."""
    return binding.feed(sample, msgspec.to_builtins(inputs))


def read(outputs: Sequence[Binding], results: Sequence[np.ndarray]) -> Arrays:
    """What a session answered, in the source's layout."""
    found: Arrays = binding.read(list(results), msgspec.to_builtins(outputs))
    return found


def distance(own: Arrays, theirs: Arrays) -> float:
    """Squared error over squared answer, summed over outputs."""
    return sum(_off(own[name], array) for name, array in theirs.items())


def _off(own: np.ndarray, theirs: np.ndarray) -> float:
    a, b = (np.asarray(array, np.float64).ravel() for array in (own, theirs))
    if a.size != b.size:
        return math.inf
    if not a.size:
        return 0.0
    both = np.isfinite(a) & np.isfinite(b)
    noise = float(np.square(a[both] - b[both]).sum())
    power = float(np.square(b[both]).sum())
    # Below a millionth of one an answer is rounding noise, and so is its distance.
    return noise / max(power, 1e-12 * a.size) + float((np.isfinite(a) != np.isfinite(b)).sum())
