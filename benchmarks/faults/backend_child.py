"""What is done with one test model in a child process: make it, open it, ask it, compare."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from edgeopt import runtimes
from edgeopt.convert import bisection, worker
from edgeopt.convert.job import Converted, Job
from edgeopt.domain.errors import StepFailed
from edgeopt.domain.tensor import Binding, TensorSpec
from edgeopt.harness.feed import fields
from edgeopt.pipeline import diagnosis, source_model
from edgeopt.pipeline.parity_check import parity
from edgeopt.runtimes.binding import from_artifact, to_artifact
from edgeopt.sources.source import Source

Arrays = dict[str, np.ndarray]


def ask(argument: dict[str, Any]) -> dict[str, Any]:
    """Convert, answer, and hold the answers against the source's and the expected ones.

    Args:
        argument: `job` of a conversion; `arrays`: an .npz with `in:NAME` and `out:NAME`.

    Returns:
        {"parity", "truth": "" or what is wrong, "notes": of the conversion}.
    """
    job = msgspec.convert(argument["job"], Job)
    given, expected = _split(argument["arrays"])
    made = msgspec.convert(worker.make(argument["job"]), Converted)
    path = str(Path(job.folder) / made.main)
    runtime, options = job.recipe.runtime, dict(job.recipe.options)
    answers = _answers(runtime, path, options, made.inputs, made.outputs, given, job.source)
    own = source_answers(job.source, given)
    precision = job.recipe.precision
    near = told(precision, answers, own)
    if near and precision == "fp32":
        near = _diagnosed(near, job, given)
    return {
        "parity": near,
        "truth": told(precision, answers, expected),
        "notes": list(made.notes),
    }


def _diagnosed(reason: str, job: Job, given: Arrays) -> str:
    """The reason as a run gives it, where rounding decides a model's answers."""
    folder = Path(job.folder) / "cuts"
    folder.mkdir()
    np.savez(folder / "sample.npz", **{name: array[0] for name, array in given.items()})
    again = msgspec.structs.replace(job, folder=str(folder))
    asked = {"job": msgspec.to_builtins(again), "sample": str(folder / "sample.npz")}
    found = msgspec.convert(bisection.find(asked), bisection.Difference | None)
    return diagnosis.told(found, StepFailed("failed-parity", reason)).reason


def told(precision: str, answers: Arrays, other: Arrays) -> str:
    """What the project's own parity says of answers; "" where it lets them pass."""
    try:
        if other:  # a model of one's own has no expected answers
            parity(precision, answers, other)
    except StepFailed as error:
        return error.reason
    return ""


def source_check(argument: dict[str, Any]) -> dict[str, Any]:
    """Whether the source itself answers as expected: {"truth": "" or what is wrong}."""
    given, expected = _split(argument["arrays"])
    source = msgspec.convert(argument["source"], Source)
    return {"truth": told("fp32", source_answers(source, given), expected)}


def source_answers(source: Source, given: Arrays) -> Arrays:
    """What `source_model.ask` would get, in this process."""
    subject = source_model.reference(source)
    return _answers(
        subject.runtime,
        str(subject.path),
        dict(subject.options),
        subject.inputs,
        subject.outputs,
        given,
        source,
    )


def _split(path: str) -> tuple[Arrays, Arrays]:
    with np.load(path) as arrays:
        parts: list[Arrays] = [
            {name[len(role) :]: arrays[name] for name in arrays.files if name.startswith(role)}
            for role in ("in:", "out:")
        ]
    return parts[0], parts[1]


def _answers(
    runtime: str,
    path: str,
    options: dict[str, Any],
    inputs: tuple[Binding, ...],
    outputs: tuple[Binding, ...],
    given: Arrays,
    source: Source,
) -> Arrays:
    session = runtimes.load(runtime).open_session(path, 1, options)
    fed = [
        to_artifact(given[binding.source], fields(binding))
        for binding in sorted(inputs, key=lambda one: one.index)
    ]
    count = len(next(iter(given.values()))) if given else 1
    results = [session.run([array[i] for array in fed]) for i in range(count)]
    shapes = {spec.name: _fixed(spec) for spec in source.outputs}
    return {
        one.source: from_artifact(
            np.stack([result[one.index] for result in results]), fields(one)
        ).reshape(count, *shapes[one.source])
        for one in outputs
    }


def _fixed(spec: TensorSpec) -> list[int]:
    return [1 if dim is None else dim for dim in spec.shape]
