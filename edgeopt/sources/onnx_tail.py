"""The tail of a source's ONNX form, with the ranges that meet there over a few samples."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from edgeopt.domain.layers import Operator
from edgeopt.domain.tail import Tail
from edgeopt.jobs.told import reason
from edgeopt.sources.source import Source
from edgeopt.sources.tail import TailGraph
from edgeopt.sources.tail_findings import Range, found, joined

if TYPE_CHECKING:
    import onnx

#: Those with learned weights, where an input is constant.
_WITH_WEIGHTS = ("Conv", "ConvTranspose", "Gemm", "MatMul", "MatMulInteger", "ConvInteger")

#: Seconds after which no further sample is asked about.
PATIENCE_S = 5.0


def tail_of(path: Path, samples: Sequence[Mapping[str, np.ndarray]]) -> Tail:
    """The tail of an ONNX file with fixed shapes.

    Args:
        samples: {input: [*shape]}; where it does not answer them, ranges stay unknown.
    """
    import onnx

    model = onnx.load(str(path))
    listed = operators(model)
    meeting = joined(TailGraph(listed))
    names = sorted({name for i in meeting for name in listed[i].inputs})
    ranges: dict[str, Range] = {}
    if names:
        try:
            ranges = measured(model, names, samples)
        except Exception as error:
            print(reason(error, "ranges in the tail are unknown"))  # noqa: T201 (log)
    return found(listed, ranges)


def with_tail(source: Source, samples: Sequence[Mapping[str, np.ndarray]]) -> Source:
    """A source that knows its tail, where it has an ONNX form.

    Args:
        samples: as `tail_of`.
    """
    if source.onnx is None:
        return source
    return msgspec.structs.replace(source, tail=tail_of(Path(source.onnx), samples))


def operators(model: onnx.ModelProto) -> tuple[Operator, ...]:
    """The main graph's nodes, in the file's order, which is topological."""
    graph = model.graph
    constants = {tensor.name for tensor in graph.initializer}
    constants |= {node.output[0] for node in graph.node if node.op_type == "Constant"}
    shapes = {
        value.name: [dim.dim_value or 1 for dim in value.type.tensor_type.shape.dim]
        for value in (*graph.value_info, *graph.input, *graph.output)
    }
    nodes = [node for node in graph.node if node.op_type != "Constant"]
    return tuple(_operator(i, node, constants, shapes) for i, node in enumerate(nodes))


def _operator(
    number: int, node: onnx.NodeProto, constants: set[str], shapes: Mapping[str, Sequence[int]]
) -> Operator:
    name = node.name or f"{node.op_type}_{number}"
    held = tuple(one for one in node.input if one in constants)
    return Operator(
        name=name,
        label=name,
        type=node.op_type,
        inputs=tuple(one for one in node.input if one and one not in constants),
        outputs=tuple(one for one in node.output if one),
        elements=sum(int(np.prod(shapes[one])) for one in node.output if one in shapes),
        computes=node.op_type in _WITH_WEIGHTS and bool(held),
        constants=held,
    )


def measured(
    model: onnx.ModelProto, names: Sequence[str], samples: Sequence[Mapping[str, np.ndarray]]
) -> dict[str, Range]:
    """The least and the largest value of inner tensors over samples; of what is finite in floats.

    Raises:
        Exception: ONNX Runtime's own, where the model does not answer.
    """
    import onnx
    import onnxruntime as ort

    shown = onnx.ModelProto()
    shown.CopyFrom(model)
    del shown.graph.output[:]
    shown.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    options = ort.SessionOptions()
    options.log_severity_level = 3
    ranges: dict[str, Range] = {}
    with tempfile.TemporaryDirectory(prefix="edgeopt-") as scratch:
        path = Path(scratch) / "shown.onnx"
        onnx.save_model(shown, str(path))
        session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        began = time.monotonic()
        for sample in samples:
            fed = {one.name: sample[one.name] for one in session.get_inputs()}
            for name, array in zip(names, session.run(list(names), fed), strict=True):
                _widen(ranges, name, np.asarray(array))
            if time.monotonic() - began > PATIENCE_S:
                break
    return ranges


def _widen(ranges: dict[str, Range], name: str, array: np.ndarray) -> None:
    values = array[np.isfinite(array)] if array.dtype.kind == "f" else array[:0]
    if values.size:
        low, high = ranges.get(name, (np.inf, -np.inf))
        ranges[name] = (min(low, float(values.min())), max(high, float(values.max())))
