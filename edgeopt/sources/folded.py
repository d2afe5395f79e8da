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
from edgeopt.jobs import child
from edgeopt.runtimes.torch import TRUSTED
from edgeopt.sources.source import Source

if TYPE_CHECKING:
    import torch


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
    argument = {
        "source": msgspec.to_builtins(source),
        "fold": msgspec.to_builtins(fold),
        "output": output,
        "samples": {name: str(path) for name, path in samples.items()},
        "folder": str(folder),
    }
    folder.mkdir(exist_ok=True)
    try:
        made = child.run("edgeopt.sources.folded:fold", argument, log, timeout_s)
    except child.ChildFailed as error:
        raise BadInput(f"{source.path} cannot be folded: {error.args[0]}", error.hint) from error
    kept = {name: getattr(source, name) for name in ("path", "format", "sha256", "size_bytes")}
    return msgspec.structs.replace(
        msgspec.convert(made, Source),
        **kept,
        fold=fold,
        notes=source.notes,
        open_axes=source.open_axes,
    )


def fold(argument: dict[str, Any]) -> dict[str, Any]:
    """See `folded`; returns the fields of a `Source`.

    Raises:
        EdgeoptError: there is no form to fold, or the folded one answers otherwise.
    """
    source = msgspec.convert(argument["source"], Source)
    plan = msgspec.convert(argument["fold"], Fold)
    arrays = {name: _arrays(path) for name, path in argument["samples"].items()}
    request = {
        "path": source.path,
        "inputs": [{"name": spec.name} for spec in source.inputs],
        "shapes": {name: list(array.shape) for name, array in arrays["folded"].items()},
        "sample": argument["samples"]["folded"],
        "folder": argument["folder"],
    }
    position = [spec.name for spec in source.outputs].index(argument["output"])
    if source.exported:
        runtime, path = "torch", source.exported
        made = _by_torch(source, plan, position, request)
    elif source.onnx:
        runtime, path = "onnxruntime", source.onnx
        made = _by_onnx(source, plan, position, request)
    else:
        raise EdgeoptError(source.onnx_reason or "the source has no ONNX form")
    _check(runtime, path, made["reference_path"], arrays, source, plan, position)
    if plan.input and plan.input.layout == "nhwc":
        made["channels_last"] = [plan.input.name]
    return made


def _arrays(path: str) -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as arrays:
        return dict(arrays)


def _by_torch(source: Source, plan: Fold, position: int, request: dict[str, Any]) -> dict[str, Any]:
    import torch

    from edgeopt.sources.exported_program import prepare_module
    from edgeopt.sources.folded_module import wrap

    inner: torch.nn.Module = torch.export.load(str(source.exported)).module()
    wrapped = wrap(inner, plan, *_place(source, plan), position)
    made = prepare_module(wrapped, request, "pt2")
    for spec, original in zip(made["outputs"], source.outputs, strict=True):
        assert spec["name"] == original.name
    return made


def _by_onnx(source: Source, plan: Fold, position: int, request: dict[str, Any]) -> dict[str, Any]:
    import onnx

    from edgeopt.sources import onnx as onnx_source
    from edgeopt.sources.folded_graph import fold_graph

    model = onnx.load(str(source.onnx))
    fold_graph(model, plan, *_place(source, plan), source.outputs[position].name)
    path = Path(request["folder"]) / "folded.onnx"
    onnx.save_model(model, str(path))
    return onnx_source.prepare({**request, "path": str(path)})


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
