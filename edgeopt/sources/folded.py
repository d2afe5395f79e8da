"""A prepared source with its preparation and its last step inside: another source.

A source that PyTorch exported is wrapped as a module and exported again; any other is folded
in its canonical ONNX form. So every converter gets it. `fold` runs in a child process.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from edgeopt import runtimes
from edgeopt.domain.errors import BadInput, EdgeoptError
from edgeopt.domain.fold import Fold, class_axis
from edgeopt.domain.model import Value
from edgeopt.jobs import child
from edgeopt.runtimes.torch import TRUSTED
from edgeopt.sources import onnx_tail
from edgeopt.sources.request import PrepareRequest
from edgeopt.sources.source import OpenSpec, Source

if TYPE_CHECKING:
    import torch


class FoldRequest(Value, kw_only=True, frozen=True):
    """What is folded into a source.

    Attributes:
        output: the one that `fold.output` is for.
        original, folded: .npz files with one sample, as the source and as the folded one take it.
        folder: where the folded forms are written.
    """

    source: Source
    fold: Fold
    output: str
    original: str
    folded: str
    folder: str


def folded(
    source: Source, fold: Fold, output: str, samples: dict[str, Path], folder: Path, log: Path,
    timeout_s: float,
) -> Source:  # fmt: skip
    """The source that takes and answers what `fold` says.

    Args:
        output: the one that `fold.output` is for.
        samples: .npz files with one sample: "original", "folded".

    Raises:
        BadInput: it has no form that can be folded, or answers otherwise.
    """
    request = FoldRequest(
        source=source,
        fold=fold,
        output=output,
        original=str(samples["original"]),
        folded=str(samples["folded"]),
        folder=str(folder),
    )
    folder.mkdir(exist_ok=True)
    argument = msgspec.to_builtins(request)
    try:
        reply = child.run("edgeopt.sources.folded:fold", argument, log, timeout_s)
    except child.ChildFailed as error:
        raise BadInput(f"{source.path} cannot be folded: {error.args[0]}", error.hint) from error
    origin = {name: getattr(source, name) for name in ("path", "format", "sha256", "size_bytes")}
    return msgspec.structs.replace(
        msgspec.convert(reply, Source),
        **origin,
        fold=fold,
        notes=source.notes,
        open_axes=source.open_axes,
    )


def fold(argument: Any) -> Any:
    """See `folded`; asked with a `FoldRequest` and answering with a `Source`, as plain data.

    Raises:
        EdgeoptError: there is no form to fold, or the folded one answers otherwise.
    """
    request = msgspec.convert(argument, FoldRequest)
    source, plan = request.source, request.fold
    arrays = {"original": _arrays(request.original), "folded": _arrays(request.folded)}
    preparation = PrepareRequest(
        path=source.path,
        inputs=tuple(OpenSpec(name=spec.name, dtype=None, shape=None) for spec in source.inputs),
        shapes={name: tuple(array.shape) for name, array in arrays["folded"].items()},
        sample=request.folded,
        folder=request.folder,
    )
    position = [spec.name for spec in source.outputs].index(request.output)
    if source.exported:
        runtime, path = "torch", source.exported
        made = _by_torch(source, plan, position, preparation)
    elif source.onnx:
        runtime, path = "onnxruntime", source.onnx
        made = _by_onnx(source, plan, position, preparation)
    else:
        raise EdgeoptError(source.onnx_reason or "the source has no ONNX form")
    _check(runtime, path, made.reference_path, arrays, source, plan, position)
    if plan.input and plan.input.layout == "nhwc":
        made = msgspec.structs.replace(made, channels_last=(plan.input.name,))
    return msgspec.to_builtins(onnx_tail.with_tail(made, [arrays["folded"]]))


def _arrays(path: str) -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as arrays:
        return dict(arrays)


def _by_torch(source: Source, plan: Fold, position: int, request: PrepareRequest) -> Source:
    import torch

    from edgeopt.sources.exported_program import prepare_module
    from edgeopt.sources.folded_module import wrap

    inner: torch.nn.Module = torch.export.load(str(source.exported)).module()
    wrapped = wrap(inner, plan, *_place(source, plan), position)
    made = prepare_module(wrapped, request, "pt2")
    for spec, original in zip(made.outputs, source.outputs, strict=True):
        assert spec.name == original.name
    return made


def _by_onnx(source: Source, plan: Fold, position: int, request: PrepareRequest) -> Source:
    import onnx

    from edgeopt.sources import onnx as onnx_source
    from edgeopt.sources.folded_graph import fold_graph

    model = onnx.load(str(source.onnx))
    fold_graph(model, plan, *_place(source, plan), source.outputs[position].name)
    path = request.place / "folded.onnx"
    onnx.save_model(model, str(path))
    return onnx_source.prepare(msgspec.structs.replace(request, path=str(path)))


def _place(source: Source, plan: Fold) -> tuple[int, tuple[int, ...]]:
    """Which input is folded, and its original shape."""
    if plan.input is None:
        return 0, ()
    names = [spec.name for spec in source.inputs]
    index = names.index(plan.input.name)
    return index, source.inputs[index].sizes


def _check(
    runtime: str, before: str, after: str, arrays: dict[str, dict[str, np.ndarray]],
    source: Source, plan: Fold, position: int,
) -> None:  # fmt: skip
    """Hold the folded form against the one before, on one sample."""
    names = [spec.name for spec in source.inputs]
    options = TRUSTED if runtime == "torch" else {}  # both were written here
    answers = [
        runtimes.load(runtime).open_session(path, 1, options).run([arrays[form][n] for n in names])
        for path, form in ((before, "original"), (after, "folded"))
    ]
    expected, got = answers
    expected[position] = _last_step(np.asarray(expected[position]), plan)
    for one, other in zip(expected, got, strict=True):
        if not np.allclose(one, other, rtol=1e-3, atol=1e-4, equal_nan=True):
            raise EdgeoptError("its folded form answers otherwise than the model itself.")


def _last_step(scores: np.ndarray, plan: Fold) -> np.ndarray:
    axis = class_axis(scores.ndim)
    if plan.output == "argmax":
        return np.asarray(scores.argmax(axis))
    if plan.output == "softmax":
        shares = np.exp(scores - scores.max(axis, keepdims=True))
        return np.asarray(shares / shares.sum(axis, keepdims=True))
    return scores
