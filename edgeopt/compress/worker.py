"""Runs in a child process: one stage, from an exported program to the next one with its ONNX."""

from __future__ import annotations

import contextlib
import functools
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from edgeopt.compress import fake_quant, low_rank, rebuild, resize, sparsify, threads
from edgeopt.compress import prune as pruning
from edgeopt.compress import train as training
from edgeopt.compress.curve import Curve, write
from edgeopt.compress.distillation_set import DistillationSet, read
from edgeopt.compress.events import events
from edgeopt.domain.compression import (
    LowRank,
    Prune,
    QuantizationAware,
    Recover,
    Resize,
    Sparsify,
    Stage,
    Training,
)
from edgeopt.domain.errors import BadInput
from edgeopt.domain.model import Value
from edgeopt.jobs.child import first_line
from edgeopt.jobs.told import told
from edgeopt.sources.exported_program import prepare_module
from edgeopt.sources.onnx_form import OnnxForm, missing
from edgeopt.sources.request import PrepareRequest
from edgeopt.sources.source import OpenSpec, Source

if TYPE_CHECKING:
    import torch
    from torch.fx import GraphModule

CURVE, PROGRESS, CHECKPOINT = "curve.json", "progress.json", "checkpoint.pt"

#: Why a stage has no ONNX form: most of a stage's time would go into one that nothing starts from.
ON_THE_WAY = "not made: another stage follows at once"
TAYLOR_SAMPLES = 256


class StageJob(Value, kw_only=True, frozen=True):
    """What a stage is given.

    Attributes:
        source: what it starts from. teacher: the user's own exported program.
        samples: .npy for each input, [n, 1, ...], in the source's order. labels: .npy or None.
        output: the position of the output that is scored.
        classifier: whether that output may be a classifier's; a task's never is.
        onnx: whether its ONNX form is wanted: something is converted from it.
        folder: where to write; what an interrupted training left there is gone on with.
        events: where TensorBoard is to find the curves; None: nowhere.
    """

    stage: Stage
    source: Source
    teacher: str
    samples: tuple[str, ...]
    labels: str | None
    output: int
    classifier: bool = True
    onnx: bool = True
    folder: str
    events: str | None = None


class Derived(Value, kw_only=True, frozen=True):
    """What a stage made.

    Attributes:
        exported, onnx: as in `Source`. onnx_waits: its ONNX form is made when somebody wants it,
            since another stage follows at once.
        parameters: numbers in the weights. about: what became of it, in words.
        curve: name of the training's file in the folder; None where nothing was trained.
        note: what the training wants the user to know.
    """

    exported: str
    onnx: str | None
    onnx_reason: str
    operators: dict[str, int]
    parameters: int
    about: str
    curve: str | None = None
    note: str = ""
    onnx_waits: bool = False


def make(argument: Any) -> Any:
    """Apply one stage.

    Raises:
        EdgeoptError: the model cannot be changed so; one sentence says why.
    """
    job = msgspec.convert(argument, StageJob)
    module = rebuild.read(Path(str(job.source.exported)))
    curve = None
    if isinstance(job.stage, Recover | QuantizationAware):
        curve = _train(job, module, job.stage)
        about = f"{len(curve.epochs) - 1} epochs on {curve.samples} samples"
    else:
        about = _change(job, module, job.stage)
    module.eval()
    if job.onnx:
        source = prepare_module(module, _preparation(job), job.source.format)
        exported = str(source.exported)
        form = OnnxForm(
            onnx=source.onnx, onnx_reason=source.onnx_reason, operators=source.operators
        )
    else:
        exported, form = _program_alone(job, module), missing(ON_THE_WAY)
    derived = Derived(
        exported=exported,
        onnx=form.onnx,
        onnx_reason=form.onnx_reason,
        operators=form.operators,
        parameters=rebuild.parameters(module),
        about=about,
        curve=CURVE if curve else None,
        note=_note(curve) if curve else "",
        onnx_waits=not job.onnx,
    )
    return msgspec.to_builtins(derived)


def _program_alone(job: StageJob, module: GraphModule) -> str:
    """The path of the program, for a stage that only the next one starts from.

    Raises:
        BadInput: PyTorch cannot export it.
    """
    import torch

    path = Path(job.folder) / "model.pt2"
    try:
        torch.export.save(torch.export.export(module, tuple(_example(job))), path)
    except Exception as error:
        otherwise = BadInput(f"what is left cannot be exported: {first_line(error)}")
        raise told(error, otherwise) from error
    return str(path)


def _change(job: StageJob, module: GraphModule, stage: Stage) -> str:
    """A stage that is done at once."""
    if isinstance(stage, Prune):
        return pruning.prune(module, _example(job), stage, lambda m: _taylor_loss(job, m))
    if isinstance(stage, LowRank):
        return low_rank.factor(module, stage)
    if isinstance(stage, Resize):
        return resize.resize(module, _example(job), stage)
    assert isinstance(stage, Sparsify)
    return sparsify.sparsify(module, stage)


def _taylor_loss(job: StageJob, module: GraphModule) -> torch.Tensor:
    settings = Training()
    data = _distillation_set(job, settings.seed)
    rows = data.train[:TAYLOR_SAMPLES]
    return data.loss(settings, data.asked(module, rows), rows)


def _train(job: StageJob, module: GraphModule, stage: Recover | QuantizationAware) -> Curve:
    """The stages that learn."""
    folder = Path(job.folder)
    rounded = isinstance(stage, QuantizationAware)
    data = _distillation_set(job, stage.training.seed)
    used = threads.settle(module, data, stage.training)
    print(f"training with {used} of {os.cpu_count()} threads")  # noqa: T201 (log)
    with (
        fake_quant.rounding(module) if rounded else contextlib.nullcontext(),
        events(Path(job.events) if job.events else None) as watch,
    ):
        curve = training.train(
            module,
            data,
            stage.training,
            folder / CHECKPOINT,
            functools.partial(_tell, folder / PROGRESS),
            watch,
        )
    write(curve, folder / CURVE)
    (folder / PROGRESS).unlink(missing_ok=True)
    return curve


def _distillation_set(job: StageJob, seed: int) -> DistillationSet:
    teacher = rebuild.read(Path(job.teacher))
    return read(list(job.samples), job.labels, teacher, job.output, seed, job.classifier)


def _tell(path: Path, what: str, done: int = 0, total: int = 0) -> None:
    """How far the training is, for the parent to read."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps({"what": what, "done": done, "total": total}))
    part.replace(path)


def _example(job: StageJob) -> list[torch.Tensor]:
    import torch

    return [torch.from_numpy(np.load(path, mmap_mode="r")[0].copy()) for path in job.samples]


def _preparation(job: StageJob) -> PrepareRequest:
    """What `prepare_module` is given: the shapes of the source, and a real sample."""
    sample = Path(job.folder) / "sample.npz"
    names = [spec.name for spec in job.source.inputs]
    arrays: dict[str, Any] = {
        name: tensor.numpy() for name, tensor in zip(names, _example(job), strict=True)
    }
    np.savez(sample, **arrays)
    specs = job.source.inputs
    return PrepareRequest(
        path=job.source.path,
        folder=job.folder,
        inputs=tuple(OpenSpec(name=s.name, dtype=s.dtype, shape=s.sizes) for s in specs),
        shapes={spec.name: spec.sizes for spec in specs},
        sample=str(sample),
    )


def _note(curve: Curve) -> str:
    """What is worth a user's attention: a training that diverged, or brought nothing."""
    if "diverged" in curve.ended:
        return curve.ended
    return "the training brought nothing: its start was best" if curve.best == 0 else ""
