"""Layouts that no shape tells: outputs with as many channels as rows and as columns."""

from __future__ import annotations

import contextlib
import math

import numpy as np

from edgeopt import runtimes
from edgeopt.convert import matching
from edgeopt.convert.bindings import channels_last
from edgeopt.convert.job import Job
from edgeopt.domain.tensor import TensorSpec


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
    if not cubes:
        return {}
    samples, answered = matching.asked(job)
    sample, expected = samples[0], answered[0]
    session = runtimes.load(job.recipe.runtime).open_session(path, 1, job.recipe.options)
    with contextlib.closing(session):
        inputs, outputs = matching.bound(job, session, permutes)
        answers = matching.read(outputs, session.run(matching.fed(inputs, sample)))
    return {
        name: last
        for name, last in cubes.items()
        if _distance(answers[name], np.transpose(expected[name], last))
        < _distance(answers[name], expected[name])
    }


def _is_cube(spec: TensorSpec) -> bool:
    return len(spec.shape) > 3 and len(set(spec.shape[1:])) == 1 and spec.shape[1] != 1


def _distance(a: np.ndarray, b: np.ndarray) -> float:
    distance = float(np.square(np.asarray(a, np.float64) - b).sum())
    return math.inf if math.isnan(distance) else distance
