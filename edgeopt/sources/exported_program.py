"""PyTorch exported programs (.pt2). The functions here run in a child process."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeopt.domain.errors import BadInput
from edgeopt.domain.tensor import TensorSpec
from edgeopt.jobs.child import first_line
from edgeopt.jobs.told import reason as why
from edgeopt.jobs.told import told
from edgeopt.runtimes import exported
from edgeopt.runtimes.torch import TRUSTED, flat
from edgeopt.sources import (
    canonical_onnx,
    flat_program,
    half_module,
    half_precision,
    samples,
    training_mode,
)
from edgeopt.sources.onnx import operators
from edgeopt.sources.request import InspectRequest, PrepareRequest
from edgeopt.sources.source import Inspected, OpenSpec, Source, sha256_file

if TYPE_CHECKING:
    import torch

HINT = "Make it with torch.export.save(torch.export.export(module, example_inputs), path)."


def inspect(request: InspectRequest) -> Inspected:
    """See `load.inspect`."""
    path = request.path
    program = read(path, request.trust)
    values = {node.name: node.meta.get("val") for node in program.graph.nodes}
    inputs = []
    for name in program.graph_signature.user_inputs:
        value = values.get(name)
        if value is None or not hasattr(value, "dtype"):
            raise BadInput(f"input {name!r} of {path} is no tensor; export it with tensors only.")
        shape = tuple(dim if isinstance(dim, int) else str(dim) for dim in value.shape)
        dtype = half_module.dtype(str(value.dtype).split(".")[-1])
        inputs.append(OpenSpec(name=name, dtype=dtype, shape=shape))
    return Inspected(path=path, format="pt2", inputs=tuple(inputs))


def read(path: str, trusted: bool = False) -> torch.export.ExportedProgram:
    """Load an exported program.

    Args:
        trusted: code inside the file may run.

    Raises:
        BadInput: it is none, is damaged, or holds more than data without being trusted.
    """
    import torch

    try:
        program = exported.load(path, trusted)
    except (exported.Damaged, exported.NeedsTrust, exported.NoProgram) as error:
        raise refusal(Path(path), error) from None
    except Exception as error:
        reason = first_line(error)
        if "check the warnings above" in reason:  # which are in the log
            reason = "it is truncated, another archive, or of another version."
        otherwise = BadInput(
            f"{path} is no exported program that PyTorch {torch.__version__} reads: {reason}",
            HINT,
        )
        raise told(error, otherwise) from None
    return program


def refusal(path: Path, error: ValueError) -> BadInput:
    """Why an archive is not read, in a sentence; `error` is one of those of `exported`."""
    if isinstance(error, exported.NoProgram):
        return BadInput(f"{path} is no exported program: {error}.", HINT)
    if isinstance(error, exported.Damaged):
        return BadInput(f"{path} is damaged: {error}.", "Export or copy it again.")
    return BadInput(
        f"{path} is more than data: {error}. Code in it may run when PyTorch reads it.",
        "If you made it yourself, say --trust; better, save it anew with torch.export.save.",
    )


def prepare(request: PrepareRequest) -> Source:
    """See `load.prepare`."""
    program = read(request.path, request.trust)
    return prepare_module(flat_program.module(program), request, "pt2")


def prepare_module(module: torch.nn.Module, request: PrepareRequest, format: str) -> Source:
    """Export a module at fixed shapes and write its canonical ONNX.

    Raises:
        BadInput: PyTorch cannot export it at these shapes.
    """
    import torch

    path, folder = Path(request.path), request.place
    names = [spec.name for spec in request.inputs]
    arrays = samples.of(request)
    tensors = tuple(torch.from_numpy(arrays[name]) for name in names)
    warnings = training_mode.program(module)
    try:
        program, tensors, halves = half_module.export(module, tensors)
        warnings += [half_precision.SAID.format(halves)] if halves else []
        with torch.inference_mode():
            results = program.module()(*tensors)
    except Exception as error:
        shapes = ", ".join(f"{name}: {list(arrays[name].shape)}" for name in names)
        otherwise = BadInput(
            f"{path} does not run at {shapes}: {first_line(error)}",
            "Give shapes that the module takes: --shape NAME=1x3x224x224.",
        )
        raise told(error, otherwise) from None
    arrays = {name: tensor.numpy() for name, tensor in zip(names, tensors, strict=True)}
    outputs = _output_specs(results, path)
    kept = folder / "model.pt2"
    torch.export.save(program, kept)
    onnx_path, reason, notes = _export_onnx(program, names, outputs, folder, arrays, results)
    return Source(
        path=str(path),
        format=format,
        sha256=sha256_file(path),
        size_bytes=path.stat().st_size,
        inputs=samples.specs(arrays),
        outputs=outputs,
        operators=operators(onnx_path) if onnx_path else {},
        onnx=str(onnx_path) if onnx_path else None,
        onnx_reason=reason,
        exported=str(kept),
        reference_runtime="torch",
        reference_path=str(kept),
        reference_options=TRUSTED,  # written here
        notes=tuple(notes),
        warnings=tuple(warnings),
    )


def _output_specs(results: Any, path: Path) -> tuple[TensorSpec, ...]:
    tensors = flat(results)
    for value in tensors:
        if not hasattr(value, "dtype"):
            raise BadInput(
                f"{path} answers with a value of type {type(value).__name__}, not a tensor.",
                "Export it so that it returns tensors only.",
            )
    return tuple(
        TensorSpec(
            name="output" if len(tensors) == 1 else f"output_{i}",
            dtype=str(tensor.dtype).split(".")[-1],
            shape=tuple(tensor.shape),
        )
        for i, tensor in enumerate(tensors)
    )


def _export_onnx(
    program: Any,
    names: list[str],
    outputs: Sequence[TensorSpec],
    folder: Path,
    arrays: dict[str, np.ndarray],
    results: Any,
) -> tuple[Path | None, str, list[str]]:
    """The canonical ONNX file, or None and why there is none."""
    import torch

    if find_spec("onnxscript") is None:
        return None, "PyTorch's export to ONNX needs onnxscript (pip install 'edgeopt[torch]')", []
    raw, path = folder / "exported.onnx", folder / "model.onnx"
    try:
        torch.onnx.export(
            program,
            (),
            str(raw),
            dynamo=True,
            external_data=False,
            input_names=names,
            output_names=[spec.name for spec in outputs],
            verbose=False,
        )
        import onnx

        model = onnx.load(str(raw))
        expected = [tensor.detach().numpy() for tensor in flat(results)]
        return path, "", canonical_onnx.write(model, path, arrays, expected)
    except Exception as error:
        return None, why(error, "PyTorch does not export it to ONNX"), []
