"""TorchScript archives (.pt), read under `--trust`. The functions here run in a child process."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from edgeopt.domain.errors import BadInput, EdgeoptError
from edgeopt.jobs.child import first_line
from edgeopt.jobs.told import reason, told
from edgeopt.runtimes.torch import SPECS, TRUSTED, flat
from edgeopt.sources import half_module, half_precision, onnx_form, samples
from edgeopt.sources.onnx_form import OnnxForm
from edgeopt.sources.request import InspectRequest, PrepareRequest
from edgeopt.sources.source import Inspected, OpenSpec, Source, sha256_file

if TYPE_CHECKING:
    import torch


def inspect(request: InspectRequest) -> Inspected:
    """See `load.inspect`. The file does not state dtypes or shapes."""
    path = request.path
    inputs = []
    for value in read(path)._c._get_method("forward").schema.arguments[1:]:
        if str(value.type) != "Tensor":
            raise BadInput(
                f"input {value.name!r} of {path} is of type {value.type}, not a tensor.",
                "Script or trace it again with tensors only.",
            )
        inputs.append(OpenSpec(name=value.name, dtype=None, shape=None))
    return Inspected(path=path, format="torchscript", inputs=tuple(inputs))


def read(path: str) -> torch.jit.ScriptModule:
    """Load a TorchScript module, in evaluation mode.

    Raises:
        BadInput: PyTorch does not load it.
    """
    import torch

    try:
        return torch.jit.load(path, map_location="cpu").eval()
    except Exception as error:
        otherwise = BadInput(
            f"{path} is no TorchScript that PyTorch {torch.__version__} loads: {first_line(error)}",
            "Copy it again, or save it anew with torch.jit.save.",
        )
        raise told(error, otherwise) from None


def prepare(request: PrepareRequest) -> Source:
    """See `load.prepare`. The frozen module, run by PyTorch, is the reference."""
    import torch

    path, folder = Path(request.path), request.place
    arrays = samples.of(request)
    tensors = tuple(torch.from_numpy(array) for array in arrays.values())
    module = read(str(path))
    results = _answers(module, tensors, path, arrays)
    halves = half_module.found(module)
    frozen = torch.jit.freeze(module)
    inputs, outputs = samples.specs(arrays), samples.specs(results)
    kept = folder / "model.pt"
    tensor_specs = msgspec.json.encode({"inputs": inputs, "outputs": outputs}).decode()
    torch.jit.save(frozen, str(kept), _extra_files={SPECS: tensor_specs})
    form = _onnx(frozen, tensors, arrays, list(results), folder)
    return Source(
        path=str(path),
        format="torchscript",
        sha256=sha256_file(path),
        size_bytes=path.stat().st_size,
        inputs=inputs,
        outputs=outputs,
        torchscript=None if halves else str(kept),  # only its ONNX form is widened
        warnings=(half_precision.SAID.format(halves),) if halves else (),
        reference_runtime="torch",
        reference_path=str(kept),
        reference_options=TRUSTED,
        **msgspec.structs.asdict(form),
    )


def _answers(
    module: torch.jit.ScriptModule,
    tensors: tuple[torch.Tensor, ...],
    path: Path,
    arrays: dict[str, np.ndarray],
) -> dict[str, np.ndarray]:
    """What it answers, by name.

    Raises:
        BadInput: it does not run, answers with no tensor, or remembers.
    """
    import torch

    try:
        with torch.inference_mode():
            found = [[_array(value) for value in flat(module(*tensors))] for _ in range(2)]
    except Exception as error:
        shapes = ", ".join(f"{name}: {list(array.shape)}" for name, array in arrays.items())
        otherwise = BadInput(
            f"{path} does not run at {shapes}: {_why(error)}",
            "Give shapes that the module takes: --shape NAME=1x3x224x224.",
        )
        raise told(error, otherwise) from None
    first, again = found
    if not all(np.array_equal(a, b, equal_nan=True) for a, b in zip(first, again, strict=True)):
        raise BadInput(
            f"{path} answers differently when asked the same again: it keeps a state from one "
            "call to the next, or it is random.",
            "Script the part inside it that takes its state as an input and gives it back.",
        )
    names = ["output"] if len(first) == 1 else [f"output_{i}" for i in range(len(first))]
    return dict(zip(names, first, strict=True))


def _why(error: Exception) -> str:
    """The script's account of where it failed ends with what failed."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines or [type(error).__name__])[-1][:300]


def _array(value: Any) -> np.ndarray:
    if not hasattr(value, "numpy"):
        raise EdgeoptError(f"it answers with a value of type {type(value).__name__}, not a tensor")
    return np.array(value.numpy())


def _onnx(
    module: torch.jit.ScriptModule,
    tensors: tuple[torch.Tensor, ...],
    arrays: dict[str, np.ndarray],
    outputs: list[str],
    folder: Path,
) -> OnnxForm:
    """The ONNX form by PyTorch's older exporter, the one that takes TorchScript."""
    import onnx
    import torch

    raw = folder / "traced.onnx"
    try:
        torch.onnx.export(
            module, tensors, str(raw), dynamo=False, opset_version=17, verbose=False,
            input_names=list(arrays), output_names=outputs,
        )  # fmt: skip
        return onnx_form.write(onnx.load(str(raw)), arrays, outputs, folder)
    except Exception as error:
        return onnx_form.missing(reason(error, "PyTorch does not export this TorchScript to ONNX"))
