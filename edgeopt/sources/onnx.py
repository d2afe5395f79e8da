"""ONNX files. The functions here run in a child process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeopt.domain.errors import BadInput
from edgeopt.sources import (
    canonical_onnx,
    half_precision,
    old_opset,
    open_onnx,
    quantized_onnx,
    training_mode,
)
from edgeopt.sources.request import InspectRequest, PrepareRequest
from edgeopt.sources.samples import NUMBERS
from edgeopt.sources.source import Inspected, OpenSpec, Source, sha256_files

if TYPE_CHECKING:
    import numpy as np
    import onnx


def inspect(request: InspectRequest) -> Inspected:
    """See `load.inspect`."""
    path = request.path
    model = read(path)
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = tuple(
        OpenSpec(name=value.name, dtype=_dtype("input", value, path), shape=tuple(_dims(value)))
        for value in model.graph.input
        if value.name not in weights
    )
    for value in model.graph.output:
        _dtype("output", value, path)
    return Inspected(path=path, format="onnx", inputs=inputs)


def _dtype(role: str, value: onnx.ValueInfoProto, path: str) -> str:
    """The numpy name of a tensor's type.

    Raises:
        BadInput: it is no tensor, or not one of numbers.
    """
    import onnx

    kind = value.type.WhichOneof("value")
    if kind != "tensor_type":
        what = (kind or "value without a type").removesuffix("_type").replace("_", " ")
        raise BadInput(
            f"{role} {value.name!r} of {path} is a {what}, not a tensor.",
            "Export the model with tensors only.",
        )
    code = value.type.tensor_type.elem_type
    if code in half_precision.HALVES:
        return "float32"
    if not code or not _of_numpy(onnx.helper.tensor_dtype_to_np_dtype(code)):
        name = onnx.TensorProto.DataType.Name(code).lower()
        raise BadInput(
            f"{role} {value.name!r} of {path} is a tensor of type {name}, not of numbers that "
            "numpy has.",
            "Export the model with floats or integers.",
        )
    return onnx.helper.tensor_dtype_to_np_dtype(code).name


def _of_numpy(dtype: np.dtype[Any]) -> bool:
    """Whether numpy itself has a type of numbers: narrow floats and integers are ml_dtypes'."""
    return dtype.kind in NUMBERS and dtype.isbuiltin == 1


def _dims(value: onnx.ValueInfoProto) -> list[int | str]:
    # Some exporters write 0 or -1 for an open dimension.
    return [
        dim.dim_value if dim.dim_value > 0 else (dim.dim_param or f"{value.name}_dim_{i}")
        for i, dim in enumerate(value.type.tensor_type.shape.dim)
    ]


def read(path: str) -> onnx.ModelProto:
    """Load and check a model.

    Raises:
        BadInput: not ONNX, truncated, its external data missing, or not valid.
    """
    import onnx
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load(path)
    except DecodeError:
        raise BadInput(
            f"{path} is not an ONNX model, or it is truncated.", "Export or copy it again."
        ) from None
    except (FileNotFoundError, onnx.checker.ValidationError) as error:
        message = str(error).splitlines()[0]
        raise BadInput(
            f"{path} keeps its weights in a file beside it that cannot be read: {message}",
            "Copy the model together with its external data.",
        ) from None
    if not model.graph.node or not model.opset_import:
        raise BadInput(f"{path} is not an ONNX model: it holds no graph.")
    try:
        onnx.checker.check_model(model)
    except onnx.checker.ValidationError as error:
        message = " ".join(str(error).split())[:200]
        raise BadInput(f"{path} is not a valid ONNX model: {message}") from None
    return model


def prepare(request: PrepareRequest) -> Source:
    """See `load.prepare`. The original, run without graph optimizations, is the reference."""
    path, folder = request.path, request.place
    model = read(path)
    before, raised = old_opset.raised(canonical_onnx.fix_shapes(model, request.shapes))
    fixed = half_precision.widened(before)
    warnings = training_mode.graph(fixed)
    reference = folder / "reference.onnx"
    canonical_onnx.save(fixed, reference)
    sample = canonical_onnx.sample(request.sample, fixed)
    outputs, answers = canonical_onnx.answers(reference, sample)
    halves = half_precision.told(before, sample, answers, folder)
    target = folder / "model.onnx"
    notes = canonical_onnx.write(fixed, target, sample, answers)
    files = [Path(path), *external_data(path)]
    source = Source(
        path=path,
        format="onnx",
        sha256=sha256_files(files),
        size_bytes=sum(file.stat().st_size for file in files),
        inputs=canonical_onnx.input_specs(fixed),
        outputs=outputs,
        operators=operators(target),
        onnx=str(target),
        stored=quantized_onnx.stored(fixed),
        reference_runtime="onnxruntime",
        reference_path=str(reference),
        reference_options={"graph_optimization": "disabled"},
        notes=(*raised, *notes),
        warnings=(*warnings, *halves),
    )
    if request.kept is None:
        return source
    return open_onnx.kept_open(source, fixed, request.kept, sample, folder)


def external_data(path: str) -> list[Path]:
    """The files beside a model that hold its weights."""
    import onnx

    model = onnx.load(path, load_external_data=False)
    names = {
        entry.value
        for graph in _graphs(model.graph)
        for tensor in graph.initializer
        for entry in tensor.external_data
        if entry.key == "location"
    }
    return [Path(path).parent / name for name in sorted(names)]


def operators(path: Path) -> dict[str, int]:
    """How often each operator occurs, subgraphs included."""
    import onnx

    model = onnx.load(str(path), load_external_data=False)
    counts = Counter(node.op_type for graph in _graphs(model.graph) for node in graph.node)
    return dict(counts.most_common())


def _graphs(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _graphs(attribute.g)
