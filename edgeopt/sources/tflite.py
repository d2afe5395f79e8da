"""LiteRT (TFLite) files as input. The functions here run in a child process."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from edgeopt.domain.errors import BadInput, NotInstalled
from edgeopt.domain.recipe import Precision
from edgeopt.domain.tensor import Binding, TensorSpec
from edgeopt.jobs.child import first_line
from edgeopt.jobs.told import reason, told
from edgeopt.runtimes.binding import to_artifact
from edgeopt.sources import mediapipe_tflite, onnx_form, samples, sparse_tflite
from edgeopt.sources.onnx_form import OnnxForm
from edgeopt.sources.request import InspectRequest, PrepareRequest
from edgeopt.sources.source import Inspected, OpenSpec, Source, sha256_file


def inspect(request: InspectRequest) -> Inspected:
    """See `load.inspect`. A quantized tensor is told as the real numbers that it stands for."""
    with tempfile.TemporaryDirectory() as scratch:
        path = mediapipe_tflite.standard(Path(request.path), Path(scratch) / "standard.tflite")
        session = _open(str(path), request.path)
        open_axes = session.open_axes()
        inputs = [_opened(tensor, open_axes[tensor.name]) for tensor in _listed(session, "inputs")]
    return Inspected(path=request.path, format="tflite", inputs=tuple(inputs))


def _opened(tensor: Binding, axes: Sequence[int]) -> OpenSpec:
    """An input with names for the axes that the file leaves open."""
    dims: list[int | str] = list(tensor.shape)
    for axis in axes:
        dims[axis] = "batch" if axis == 0 else f"{tensor.name}_dim_{axis}"
    return OpenSpec(name=tensor.name, dtype=_real(tensor).dtype, shape=tuple(dims))


def _open(path: str, given: str) -> Any:
    """A session of the file; `given` is the one that the user named.

    Raises:
        BadInput: no LiteRT model, or one that needs more than LiteRT has.
        NotInstalled: there is no LiteRT.
    """
    from edgeopt.runtimes import litert

    try:
        return litert.open_session(path, 1, {})
    except ImportError:
        raise NotInstalled(
            f"{given} needs ai-edge-litert.", "pip install 'edgeopt[litert]'"
        ) from None
    except Exception as error:
        otherwise = BadInput(
            f"{given} does not open in LiteRT: {first_line(error)}",
            "Copy it again; operators outside LiteRT's own set are not served.",
        )
        raise told(error, otherwise) from None


def _listed(session: Any, role: str) -> tuple[Binding, ...]:
    """Inputs or outputs as the session tells them, with their positions there.

    They come in the order of the file, which other readers of it keep.
    """
    specs = session.inputs if role == "inputs" else session.outputs
    return tuple(
        msgspec.convert(
            {**specs[index], "source": specs[index]["name"], "index": index}, Binding, strict=False
        )
        for index in session.order(role)
    )


def _real(tensor: Binding) -> TensorSpec:
    dtype = tensor.dtype if tensor.scale is None else "float32"
    return TensorSpec(name=tensor.name, dtype=dtype, shape=tensor.shape)


def prepare(request: PrepareRequest) -> Source:
    """See `load.prepare`. The file itself, run by LiteRT, is the reference."""
    path, folder = Path(request.path), request.place
    kept = folder / "model.tflite"
    standard = mediapipe_tflite.standard(path, folder / "standard.tflite")
    _keep(standard, kept, request)
    session = _open(str(kept), request.path)
    inputs, outputs = _listed(session, "inputs"), _listed(session, "outputs")
    form = _onnx(kept, request, inputs, outputs)
    return Source(
        path=str(path),
        format="tflite",
        sha256=sha256_file(path),
        size_bytes=path.stat().st_size,
        inputs=tuple(map(_real, inputs)),
        outputs=tuple(map(_real, outputs)),
        operators=form.operators,
        onnx=form.onnx,
        onnx_reason=form.onnx_reason,
        tflite=str(kept),
        stored=_stored(str(kept)),
        reference_runtime="litert",
        reference_path=str(kept),
        reference_inputs=inputs,
        reference_outputs=outputs,
        notes=(
            *([mediapipe_tflite.NOTE] if standard != path else []),
            *_explained(inputs),
            *_explained(outputs),
            *form.notes,
        ),
    )


def _keep(path: Path, kept: Path, request: PrepareRequest) -> None:
    """The file as it is, or with its open dimensions fixed."""
    session = _open(str(path), request.path)
    if not any(session.open_axes().values()):
        shutil.copyfile(path, kept)
        return
    from ai_edge_litert.tools import flatbuffer_utils

    model = flatbuffer_utils.read_model(str(path))
    graph = model.subgraphs[0]
    for index, tensor in zip(graph.inputs, _listed(session, "inputs"), strict=True):
        graph.tensors[index].shape = list(request.shapes[tensor.name])
    for tensor in graph.tensors:  # what follows from the inputs is inferred when it is opened
        tensor.shapeSignature = None
    flatbuffer_utils.write_model(model, str(kept))


def _explained(tensors: Sequence[Binding]) -> list[str]:
    return [
        f"{tensor.name!r} is {tensor.dtype} in the file (scale {tensor.scale:.6g}, zero point "
        f"{tensor.zero_point}): data and answers are the real numbers that it stands for"
        for tensor in tensors
        if tensor.scale is not None
    ]


def _stored(path: str) -> Precision:
    """The precision of what the file holds; "as-is" where it is quantized."""
    from edgeopt.runtimes import litert

    kinds = litert.stored(path)
    if kinds & {"int8", "uint8", "int16"}:
        return "as-is"
    return "fp16" if "float16" in kinds else "fp32"


def _onnx(
    path: Path,
    request: PrepareRequest,
    inputs: Sequence[Binding],
    outputs: Sequence[Binding],
) -> OnnxForm:
    """The ONNX form by tf2onnx: its tensors are those of the file, integers included."""
    try:
        import tf2onnx
    except ImportError:
        return onnx_form.missing(
            "tf2onnx is not installed, which turns LiteRT into ONNX (pip install "
            "edgeopt[tensorflow])"
        )
    arrays = samples.of(request)
    stored = {
        one.name: to_artifact(arrays[one.name][None], msgspec.to_builtins(one))[0] for one in inputs
    }
    try:
        # tf2onnx reads a packed weight as if it were whole.
        whole = sparse_tflite.dense(path, path.with_name("dense.tflite"))
        model, _ = tf2onnx.convert.from_tflite(str(whole), opset=17)
        return onnx_form.write(model, stored, [one.name for one in outputs], request.place)
    except Exception as error:
        return onnx_form.missing(reason(error, "tf2onnx does not turn it into ONNX"))
