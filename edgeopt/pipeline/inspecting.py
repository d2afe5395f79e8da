"""inspect(): what a model is, what it costs, what each runtime says to it. It measures nothing."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from edgeopt import targets
from edgeopt.domain.inspection import Inspection, ModelKind, Odd, Outlook
from edgeopt.domain.open_axis import OpenAxis
from edgeopt.domain.progress import Listener, silent
from edgeopt.domain.tensor import TensorSpec
from edgeopt.jobs import scratch
from edgeopt.pipeline.model_kind import generates, kind_of
from edgeopt.pipeline.placement import Placement, space_of
from edgeopt.report import obstacle_words, tail_words
from edgeopt.runner.sensors import machine
from edgeopt.sources import shapes
from edgeopt.sources.formats import recognise
from edgeopt.sources.load import inspect as read
from edgeopt.sources.load import look, prepare
from edgeopt.sources.look import Look
from edgeopt.sources.source import Inspected, OpenSpec, Source

#: What an open axis is fixed to where nothing says it: sides of a photo, and other lengths.
SIDE, LENGTH = 224, 64
SAMPLES = 4
NO_TOOL = (
    "it writes text word by word, with a cache that grows; edgeopt times one call of fixed shapes, "
    "and has no samples that judge text. Tools for it: llama.cpp, OpenVINO GenAI, ExecuTorch's LLM "
    "export, LiteRT-LM."
)


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
        fixed = {spec.name: _shape(spec, found, asked) for spec in found.inputs}
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
        open_axes=tuple(_open(found, fixed, asked)),
        target=asked.target,
        outlooks=tuple(_outlooks(asked.target, source)),
        command=_command(asked, kind),
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


def _shape(spec: OpenSpec, found: Inspected, asked: Question) -> tuple[int, ...]:
    """The shape that is said or stated; open axes are guessed, which `open_axes` tells."""
    batch = shapes.batch_symbols([one.shape for one in found.inputs if one.shape])
    said = asked.shapes.get(spec.name)
    guessed = said
    if said is None and spec.shape is not None:
        usual = SIDE if len(spec.shape) == len("nchw") else LENGTH
        guessed = tuple(
            dim if isinstance(dim, int) else 1 if dim in batch else usual for dim in spec.shape
        )
    fixed = shapes.fix(spec.name, spec.shape, batch, guessed, None)
    shapes.require_size(spec.name, fixed)
    return fixed


def _random(found: Inspected, fixed: Mapping[str, tuple[int, ...]], work: Path) -> Path:
    """A few samples: floats from 0 to 1, whole numbers 0 and 1."""
    rng = np.random.default_rng(0)
    path = work / "random.npz"
    made: dict[str, Any] = {}
    for spec in found.inputs:
        dtype, shape = np.dtype(spec.dtype or "float32"), (SAMPLES, *fixed[spec.name])
        whole = dtype.kind in "biu"
        made[spec.name] = (rng.integers(0, 2, shape) if whole else rng.random(shape)).astype(dtype)
    np.savez(path, **made)
    return path


def _answers(path: Path) -> list[dict[str, np.ndarray]]:
    if not path.exists():
        return []
    with np.load(path) as stored:
        arrays = {name: stored[name] for name in stored.files}
    return [{name: array[i] for name, array in arrays.items()} for i in range(SAMPLES)]


def _open(
    found: Inspected, fixed: Mapping[str, tuple[int, ...]], asked: Question
) -> Iterator[OpenAxis]:
    """Axes that were guessed; the batch is 1 in all that is made."""
    batch = shapes.batch_symbols([spec.shape for spec in found.inputs if spec.shape])
    for spec in found.inputs:
        for axis in shapes.open_axes(spec.name, spec.shape, batch, fixed[spec.name], None):
            if axis.name not in batch and spec.name not in asked.shapes:
                yield axis


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


def _command(asked: Question, kind: ModelKind) -> str:
    """The call to go on with; DATA is what only the user has."""
    words = ["edgeopt", "optimize", str(asked.model), "--target", asked.target, "--data", "DATA"]
    for name, shape in asked.shapes.items():
        words += ["--shape", f"{name}={'x'.join(map(str, shape))}"]
    if kind.name == "detector" and kind.sure:
        words += ["--task", "detection"]
    if asked.trust:
        words.append("--trust")
    return shlex.join(words)
