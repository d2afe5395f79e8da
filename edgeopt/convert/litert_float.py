"""Float LiteRT files, from whatever form a source has: by the most direct tool that takes it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edgeopt.convert import onnx2tf, rewrites, routes, tflite_converter, tflite_plain
from edgeopt.convert.bindings import CHANNELS_LAST
from edgeopt.convert.job import Job
from edgeopt.domain.errors import EdgeoptError
from edgeopt.runtimes import exported
from edgeopt.sources.source import Source


def turns_images(source: Source) -> bool:
    """Whether the converter makes images channels last; TensorFlow's and LiteRT's are."""
    return source.tflite is None and source.saved_model is None


def image_permutes(source: Source) -> dict[str, tuple[int, ...]]:
    """The layout change that both converters make: 4-D inputs to channels last."""
    if not turns_images(source):
        return {}
    images = (spec.name for spec in source.inputs if len(spec.shape) == 4)
    return {name: CHANNELS_LAST for name in images if name not in source.channels_last}


@dataclass(frozen=True)
class Came:
    """How a file came about: versions of what is not in this environment, notes for the user."""

    tools: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def from_source(job: Job, target: Path) -> Came:
    """Write the file without a base."""
    source = job.source
    if source.tflite:
        tflite_plain.write(Path(source.tflite), target)
    elif source.saved_model:
        tflite_converter.convert(job, target)
    elif source.exported:
        return _by_either_way(job, target)
    else:
        return _from_onnx(job, target)
    return Came()


def _by_either_way(job: Job, target: Path) -> Came:
    """From PyTorch directly, else by way of ONNX."""
    direct = routes.Route("litert-torch", lambda: _from_torch(job.source, target))
    by_onnx = routes.Route("onnx2tf, from ONNX", lambda: _from_onnx(job, target))
    permutes = image_permutes(job.source)
    done = routes.first((direct, by_onnx), lambda: routes.check(job, target, permutes))
    return Came(done.result.tools, (*done.result.notes, *done.notes))


def _from_onnx(job: Job, target: Path) -> Came:
    source = job.source
    if source.onnx is None:
        raise EdgeoptError(source.onnx_reason or "the source has no ONNX form")
    with rewrites.written(source, "onnx2tf", next(job.samples(1), None)) as (path, notes):
        made = onnx2tf.convert(path, Path(job.folder), source.inputs, source.channels_last)
    shutil.move(made, target)
    return Came({"onnx2tf": onnx2tf.VERSION}, notes)


def _from_torch(source: Source, target: Path) -> Came:
    import litert_torch
    import torch

    module: Any = exported.written(str(source.exported)).module()
    images = [i for i, spec in enumerate(source.inputs) if spec.name in image_permutes(source)]
    if images:
        module = litert_torch.to_channel_last_io(module, args=images)
    arguments = []
    for i, spec in enumerate(source.inputs):
        shape = spec.sizes
        tensor = torch.zeros(shape, dtype=getattr(torch, spec.dtype))
        arguments.append(tensor.permute(*CHANNELS_LAST).contiguous() if i in images else tensor)
    litert_torch.convert(module, tuple(arguments)).export(str(target))
    return Came()
