"""Layouts that no shape tells: outputs with as many channels as rows and as columns."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np

from edgeopt import runtimes
from edgeopt.convert.bindings import bind, channels_last
from edgeopt.convert.job import Job
from edgeopt.domain.tensor import TensorSpec
from edgeopt.runtimes.binding import from_artifact, to_artifact


def cubes_turned(
    job: Job, path: str, permutes: dict[str, tuple[int, ...]]
) -> dict[str, tuple[int, ...]]:
    """Which of them became channels last, found by asking source and artifact about one sample.

    Args:
        path: the artifact. permutes: what is known of its inputs.
    """
    cubes = {
        spec.name: channels_last(len(spec.shape)) for spec in job.source.outputs if _is_cube(spec)
    }
    if not cubes or not job.calibration:
        return {}
    [sample] = job.samples(1)
    expected = _expected(job, sample)
    answers = _answers(job, path, permutes, sample)
    return {
        name: last
        for name, last in cubes.items()
        if _distance(answers[name], np.transpose(expected[name], last))
        < _distance(answers[name], expected[name])
    }


def _is_cube(spec: TensorSpec) -> bool:
    return len(spec.shape) > 3 and len(set(spec.shape[1:])) == 1 and spec.shape[1] != 1


def _expected(job: Job, sample: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    source = job.source
    session = runtimes.load(source.reference_runtime).open_session(
        source.reference_path, 1, source.reference_options
    )
    results = session.run([sample[spec.name] for spec in source.inputs])
    return {spec.name: array for spec, array in zip(source.outputs, results, strict=True)}


def _answers(
    job: Job, path: str, permutes: dict[str, tuple[int, ...]], sample: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """The artifact's outputs in its own layout, dequantized."""
    session = runtimes.load(job.recipe.runtime).open_session(path, 1, job.recipe.options)
    inputs = bind(job.source.inputs, session.inputs, permutes)
    outputs = bind(job.source.outputs, session.outputs, {})
    feed: list[Any] = [None] * len(inputs)
    for binding in inputs:
        fields = msgspec.to_builtins(binding)
        feed[binding.index] = to_artifact(sample[binding.source][None], fields)[0]
    results = session.run(feed)
    plain = [msgspec.to_builtins(msgspec.structs.replace(b, permute=None)) for b in outputs]
    return {b["source"]: from_artifact(results[b["index"]][None], b)[0] for b in plain}


def _distance(a: np.ndarray, b: np.ndarray) -> float:
    distance = float(np.square(np.asarray(a, np.float64) - b).sum())
    return math.inf if math.isnan(distance) else distance
