"""ONNX files. The functions here run in a child process."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeopt.domain.errors import BadInput
from edgeopt.sources import canonical_onnx
from edgeopt.sources.source import sha256_file

if TYPE_CHECKING:
    import onnx


def inspect(argument: dict[str, Any]) -> dict[str, Any]:
    """See `load.inspect`."""
    import onnx

    path = argument["path"]
    model = read(path)
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = []
    for value in model.graph.input:
        if value.name in weights:
            continue
        kind = value.type.WhichOneof("value")
        if kind != "tensor_type":
            raise BadInput(f"input {value.name!r} of {path} is a {kind}; only tensors can be fed.")
        tensor = value.type.tensor_type
        dtype = onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type).name
        inputs.append({"name": value.name, "dtype": dtype, "shape": _dims(value)})
    return {"path": path, "format": "onnx", "inputs": inputs}


def _dims(value: onnx.ValueInfoProto) -> list[int | str] | None:
    tensor = value.type.tensor_type
    if not tensor.HasField("shape"):
        return None
    return [
        dim.dim_value if dim.HasField("dim_value") else (dim.dim_param or f"{value.name}_dim_{i}")
        for i, dim in enumerate(tensor.shape.dim)
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


def prepare(argument: dict[str, Any]) -> dict[str, Any]:
    """See `load.prepare`. The original, run without graph optimizations, is the reference."""
    path, folder = argument["path"], Path(argument["folder"])
    model = read(path)
    fixed = canonical_onnx.fix_shapes(model, argument["shapes"])
    reference = folder / "reference.onnx"
    canonical_onnx.save(fixed, reference)
    sample = canonical_onnx.sample(argument["sample"], fixed)
    outputs, answers = canonical_onnx.answers(reference, sample)
    target = folder / "model.onnx"
    notes = canonical_onnx.write(fixed, target, sample, answers)
    return {
        "path": path,
        "format": "onnx",
        "sha256": sha256_file(Path(path)),
        "size_bytes": Path(path).stat().st_size,
        "inputs": canonical_onnx.input_specs(fixed),
        "outputs": outputs,
        "operators": operators(target),
        "onnx": str(target),
        "reference_runtime": "onnxruntime",
        "reference_path": str(reference),
        "reference_options": {"graph_optimization": "disabled"},
        "notes": notes,
    }


def operators(path: Path) -> dict[str, int]:
    """How often each operator occurs, subgraphs included."""
    import onnx

    counts: Counter[str] = Counter()

    def count(graph: onnx.GraphProto) -> None:
        for node in graph.node:
            counts[node.op_type] += 1
            for attribute in node.attribute:
                if attribute.type == onnx.AttributeProto.GRAPH:
                    count(attribute.g)

    count(onnx.load(str(path), load_external_data=False).graph)
    return dict(counts.most_common())
