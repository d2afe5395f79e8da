"""The canonical ONNX form: shapes fixed, weights as initializers, simplified, opset 17 or later.

Quantizers fail on exporter output ("Inferred shape and existing shape differ") and on
weights that are Constant nodes; runtimes do not care. Each change is compared with the
original's answers and left out where they differ.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgeopt.domain.errors import BadInput, EdgeoptError, NotInstalled
from edgeopt.domain.tensor import TensorSpec
from edgeopt.jobs.told import told
from edgeopt.sources import tied_onnx
from edgeopt.sources.samples import specs

if TYPE_CHECKING:
    import onnx

#: Per-channel quantize operators need 13; 17 has LayerNormalization.
OPSET = 17

#: The format that came with it. Before 4, weights had to be inputs as well.
IR_VERSION = 8


def fix_shapes(model: onnx.ModelProto, shapes: Mapping[str, Sequence[int]]) -> onnx.ModelProto:
    """A copy whose inputs have the given shapes, with what follows from them inferred."""
    import onnx

    fixed = onnx.ModelProto()
    fixed.CopyFrom(model)
    weights = {tensor.name for tensor in fixed.graph.initializer}
    inputs = [value for value in fixed.graph.input if value.name not in weights]
    del fixed.graph.input[:]
    fixed.graph.input.extend(inputs)
    fixed.ir_version = max(fixed.ir_version, IR_VERSION)
    symbols: dict[str, int] = {}
    for value in fixed.graph.input:
        tensor = value.type.tensor_type
        for dim, size in zip(tensor.shape.dim, shapes[value.name], strict=True):
            if dim.dim_param:
                symbols[dim.dim_param] = size
            dim.dim_value = size
    # Stored shapes of inner values may contradict the fixed ones.
    del fixed.graph.value_info[:]
    for value in fixed.graph.output:
        for dim in value.type.tensor_type.shape.dim:
            if dim.dim_param in symbols:
                dim.dim_value = symbols[dim.dim_param]
            elif dim.dim_value <= 0:  # some exporters write 0 or -1 for an open dimension
                dim.Clear()
    return fixed


def save(model: onnx.ModelProto, path: Path) -> None:
    """Write a model with its weights inside."""
    import onnx

    onnx.save_model(model, str(path))


def sample(path: str | None, model: onnx.ModelProto) -> dict[str, np.ndarray]:
    """One sample of each input: from the .npz, else zeros."""
    if path:
        with np.load(path, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    return {spec.name: np.zeros(spec.sizes, spec.dtype) for spec in input_specs(model)}


def input_specs(model: onnx.ModelProto) -> tuple[TensorSpec, ...]:
    """The inputs of a model with fixed shapes."""
    import onnx

    return tuple(
        TensorSpec(
            name=value.name,
            dtype=onnx.helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type).name,
            shape=tuple(dim.dim_value for dim in value.type.tensor_type.shape.dim),
        )
        for value in model.graph.input
    )


def answers(
    path: Path, sample: dict[str, np.ndarray]
) -> tuple[tuple[TensorSpec, ...], list[np.ndarray]]:
    """The model's own outputs on the sample, as specs and as arrays.

    Raises:
        NotInstalled: no ONNX Runtime to ask.
        BadInput: the model does not run.
    """
    try:
        import onnxruntime as ort
    except ImportError:
        raise NotInstalled(
            "onnxruntime is not installed: the answers of an ONNX model come from it.",
            "pip install 'edgeopt[onnxruntime]'",
        ) from None
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    try:
        session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        arrays = session.run(None, sample)
    except Exception as error:
        otherwise = BadInput(f"the model does not run: {_explain(error)}", _advice(error))
        raise told(error, otherwise) from None
    names = [value.name for value in session.get_outputs()]
    return specs(dict(zip(names, arrays, strict=True))), arrays


#: What ONNX Runtime says before it comes to the point: a code, a path, a place in its own source.
_PREAMBLE = re.compile(
    r"^\[ONNXRuntimeError\] : \d+ : \w+ : "
    r"(Load model from \S+ failed:)?\s*"
    r"(/\S+:\d+ .*?\) (?=[A-Z]))?"
)


def _explain(error: Exception) -> str:
    return _PREAMBLE.sub("", " ".join(str(error).split()))[:300]


def _advice(error: Exception) -> str:
    text = str(error)
    if "is not a registered function/op" in text:
        return "It has an operator that ONNX Runtime does not know; export it without that one."
    if "NOT_IMPLEMENTED" in text:
        return (
            "ONNX Runtime knows the operator, but not with this opset and these element types; "
            "export it with others."
        )
    return "Check that it runs in ONNX Runtime with these shapes."


Asked = tuple[dict[str, np.ndarray], list[np.ndarray]]


def write(
    model: onnx.ModelProto,
    path: Path,
    sample: dict[str, np.ndarray],
    expected: list[np.ndarray],
    others: Sequence[Asked] = (),
) -> list[str]:
    """Write the canonical form of a model with fixed shapes; returns notes for the user.

    Args:
        others: more samples with what is expected of them, at other sizes of an axis that is open.
    """
    notes: list[str] = []
    for name, step in (
        ("raising its opset", _raise_opset),
        ("lifting its constants", _lift_constants),
        ("simplifying it", _simplify),
        ("making vectors of its biases", _flatten_biases),
        ("storing its weights once", tied_onnx.tie),
        ("inferring its shapes", _infer_shapes),
    ):
        try:
            candidate = step(model)
            _require_inputs(candidate, sample)
            save(candidate, path)
            for given, wanted in ((sample, expected), *others):
                _check(path, given, wanted)
            model = candidate
        except Exception as error:  # any step may be left out; the note says so
            kind = "" if isinstance(error, EdgeoptError) else f"{type(error).__name__}: "
            text = " ".join(str(error).split())[:120]
            note = told(error, EdgeoptError(f"{name} was left out: {kind}{text}"))
            notes.append(str(note.args[0]))
    save(model, path)
    return notes


def _require_inputs(model: onnx.ModelProto, sample: dict[str, np.ndarray]) -> None:
    """Refuse a form that has lost an input, as it may where the input is of length 0."""
    missing = set(sample) - {value.name for value in model.graph.input}
    if missing:
        raise EdgeoptError(f"it would lose {', '.join(map(repr, sorted(missing)))}")


def _check(path: Path, sample: dict[str, np.ndarray], expected: list[np.ndarray]) -> None:
    _, got = answers(path, sample)
    for before, after in zip(expected, got, strict=True):
        if before.shape != after.shape:
            raise EdgeoptError(f"an output became {after.shape} instead of {before.shape}")
        if not np.allclose(before, after, rtol=1e-3, atol=1e-4, equal_nan=True):
            raise EdgeoptError("the answers changed")


def _raise_opset(model: onnx.ModelProto) -> onnx.ModelProto:
    from onnx import version_converter

    current = max(o.version for o in model.opset_import if o.domain in ("", "ai.onnx"))
    return model if current >= OPSET else version_converter.convert_version(model, OPSET)


def _lift_constants(model: onnx.ModelProto) -> onnx.ModelProto:
    import onnx

    lifted = onnx.ModelProto()
    lifted.CopyFrom(model)
    kept = []
    for node in lifted.graph.node:
        value = next((a for a in node.attribute if a.name == "value"), None)
        if node.op_type == "Constant" and value is not None:
            tensor = lifted.graph.initializer.add()
            tensor.CopyFrom(value.t)
            tensor.name = node.output[0]
        else:
            kept.append(node)
    del lifted.graph.node[:]
    lifted.graph.node.extend(kept)
    return lifted


def _simplify(model: onnx.ModelProto) -> onnx.ModelProto:
    import onnxslim

    return onnxslim.slim(model)


def _flatten_biases(model: onnx.ModelProto) -> onnx.ModelProto:
    """ONNX Runtime's static quantizer fails on a bias of shape [1, n]."""
    import onnx

    flat = onnx.ModelProto()
    flat.CopyFrom(model)
    biases = {node.input[2] for node in flat.graph.node if _has_bias(node)}
    others = {name for node in flat.graph.node if not _has_bias(node) for name in node.input}
    for tensor in flat.graph.initializer:
        if tensor.name in biases - others and len(tensor.dims) == 2 and tensor.dims[0] == 1:
            del tensor.dims[0]
    return flat


def _has_bias(node: onnx.NodeProto) -> bool:
    return node.op_type == "Gemm" and len(node.input) == 3


def _infer_shapes(model: onnx.ModelProto) -> onnx.ModelProto:
    import onnx

    return onnx.shape_inference.infer_shapes(model, data_prop=True)
