"""inspect(): what a model is, what it costs, what each runtime says to it. It measures nothing."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from edgeopt import targets
from edgeopt.datasets import random_inputs
from edgeopt.datasets.random_inputs import Kind
from edgeopt.domain.inspection import Inspection, ModelKind, Odd, Outlook
from edgeopt.domain.progress import Listener, silent
from edgeopt.domain.tensor import TensorSpec
from edgeopt.jobs import scratch
from edgeopt.pipeline.guessed_shapes import guessed, guessed_axes
from edgeopt.pipeline.model_kind import NO_TOOL, generates, kind_of
from edgeopt.pipeline.placement import Placement, space_of
from edgeopt.report import obstacle_words, tail_words
from edgeopt.runner.sensors import machine
from edgeopt.sources.formats import recognise
from edgeopt.sources.load import inspect as read
from edgeopt.sources.load import look, prepare
from edgeopt.sources.look import Look
from edgeopt.sources.source import Inspected, OpenSpec, Source

SAMPLES = 4


@dataclass(frozen=True)
class Question:
    """What is asked of a model. `shapes`: of inputs whose axes are open, as `--shape` says them."""

    model: Path
    target: str = "this-machine"
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    trust: bool = False
    timeout_s: float = 900.0


def inspect(asked: Question, progress: Listener = silent) -> Inspection:
    """What can be said of a model without converting it.

    Raises:
        BadInput: it cannot be read, or a shape of it has to be said.
        NotInstalled: its format needs a package that is missing.
    """
    name = recognise(asked.model)
    with scratch.folder() as made:
        work = Path(made)
        progress(f"reading {asked.model.name}")
        found = read(asked.model, asked.trust, work / "source.log", asked.timeout_s, name)
        if generates(found):
            return _no_tool(asked, found)
        fixed = guessed(found, asked.shapes)
        trials = _random(found, fixed, work)
        progress(f"preparing {asked.model.name}")
        log = work / "source.log"
        source = prepare(found, fixed, None, work, log, asked.timeout_s, trials)
        answers = work / "answers.npz"
        seen = look(source, trials, answers, log, asked.timeout_s) if source.onnx else None
        kind = kind_of(source.inputs, source.outputs, _answers(answers))
    if kind.name == "language model":
        return _no_tool(asked, found)
    return Inspection(
        path=str(asked.model),
        format=source.format,
        size_bytes=source.size_bytes,
        inputs=source.inputs,
        outputs=source.outputs,
        operators=source.operators,
        costs=seen.costs if seen else None,
        kind=kind,
        odd=tuple(_odd(source, seen)),
        open_axes=tuple(guessed_axes(found, fixed, asked.shapes)),
        target=asked.target,
        outlooks=tuple(_outlooks(asked.target, source)),
        command=command_of(asked, kind),
    )


def _no_tool(asked: Question, found: Inspected) -> Inspection:
    inputs = (_stated(spec) for spec in found.inputs)
    return Inspection(
        path=str(asked.model),
        format=found.format,
        size_bytes=asked.model.stat().st_size,
        inputs=tuple(inputs),
        kind=ModelKind(name="language model", sure=generates(found)),
        suitable=False,
        why_not=NO_TOOL,
    )


def _stated(spec: OpenSpec) -> TensorSpec:
    dims = tuple(dim if isinstance(dim, int) else None for dim in spec.shape or ())
    return TensorSpec(name=spec.name, dtype=spec.dtype or "float32", shape=dims)


def _random(found: Inspected, fixed: Mapping[str, tuple[int, ...]], work: Path) -> Path:
    """A few samples: floats from 0 to 1, whole numbers 0 and 1."""
    path = work / "random.npz"
    kinds = {spec.name: Kind(spec.dtype or "float32", fixed[spec.name]) for spec in found.inputs}
    made: dict[str, Any] = random_inputs.cautious(kinds, SAMPLES).inputs
    np.savez(path, **made)
    return path


def _answers(path: Path) -> list[dict[str, np.ndarray]]:
    if not path.exists():
        return []
    with np.load(path) as stored:
        arrays = {name: stored[name] for name in stored.files}
    return [{name: array[i] for name, array in arrays.items()} for i in range(SAMPLES)]


def _odd(source: Source, seen: Look | None) -> Iterator[Odd]:
    if source.onnx is None:
        yield Odd(kind="no-onnx", detail=source.onnx_reason)
    if source.stored == "as-is":
        yield Odd(kind="quantized")
    for name in seen.one_class if seen else ():
        yield Odd(kind="one-class", detail=name)
    if source.tail and source.tail.findings:
        yield Odd(kind="mixed-scales", detail=tail_words.cause_of(source.tail.findings[0]))
    for told in dict.fromkeys((*source.warnings, *source.notes)):
        yield Odd(kind="said-by-source", detail=told)


def _outlooks(target: str, source: Source) -> Iterator[Outlook]:
    """What the target's profile, this installation and the converters say, one a precision."""
    profile, here = targets.load(target), None
    if profile.name == "this-machine":
        here = machine()
        profile = targets.probe(profile, here)
    space = space_of(Placement(profile=profile, machine=here), source)
    for key in dict.fromkeys((one.runtime, one.precision) for one in space.recipes):
        yield Outlook(runtime=key[0], precision=key[1], tried=True)
    for out in space.left_out:
        yield Outlook(
            runtime=out.runtime,
            precision=out.precision,
            tried=False,
            reason=obstacle_words.reason(out.why),
            hint=obstacle_words.hint(out.why),
        )


def command_of(asked: Question, kind: ModelKind) -> str:
    """The call to go on with; DATA is what only the user has."""
    words = ["edgeopt", "optimize", str(asked.model), "--target", asked.target, "--data", "DATA"]
    for name, shape in asked.shapes.items():
        words += ["--shape", f"{name}={'x'.join(map(str, shape))}"]
    if kind.name == "detector" and kind.sure:
        words += ["--task", "detection"]
    if asked.trust:
        words.append("--trust")
    return shlex.join(words)
