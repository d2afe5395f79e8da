"""Explicit quantization as TensorRT takes it: QDQ, symmetric int8, weights by channel.

The rules are of NVIDIA's "Explicit Quantization" (TensorRT 10 documentation): zero points of
0, biases in float, and Q/DQ at the inputs of what computes, the residual addition among it.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from edgeopt.convert import onnxruntime_static as ours
from edgeopt.convert import tail_in_float
from edgeopt.convert.job import Job
from edgeopt.convert.onnx_graph import Graph
from edgeopt.domain.errors import EdgeoptError

if TYPE_CHECKING:
    import onnx

#: Operators whose inputs are quantized. Pooling takes the types of what it is given.
OPERATORS = ("Conv", "ConvTranspose", "Gemm", "MatMul", "Add")


def quantize(job: Job, source: Path, target: Path) -> None:
    """Write the quantized model.

    Raises:
        EdgeoptError: what was made is not what TensorRT takes.
    """
    import onnx
    from onnxruntime.quantization import (
        CalibrationMethod,
        QuantFormat,
        QuantType,
        quantize_static,
    )

    with tempfile.TemporaryDirectory(prefix="edgeopt-") as scratch:
        ready, left = ours.preprocessed(source, Path(scratch)), list[str]()
        if job.how.tail == "float":
            ready = ours.named(ready, Path(scratch))
            left = tail_in_float.names(job.how, Graph(ready).operators())
        quantize_static(
            str(ready),
            str(target),
            ours.Reader(job),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=list(OPERATORS),
            nodes_to_exclude=left,
            per_channel=True,
            activation_type=QuantType.QInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
            extra_options={
                "ActivationSymmetric": True,
                "WeightSymmetric": True,
                "QuantizeBias": False,
                "OpTypesToExcludeOutputQuantization": list(OPERATORS),
                "CalibMovingAverage": False,
            },
        )
    faults = check(onnx.load(str(target)))
    if faults:
        raise EdgeoptError(f"TensorRT does not take what was made: {'; '.join(faults[:3])}")


def check(model: onnx.ModelProto) -> list[str]:
    """What explicit quantization in TensorRT does not take; empty: it takes it.

    A quantized model also has something quantized, with its weights by channel.
    """
    import onnx
    from onnx import numpy_helper

    constants = {t.name: t for t in model.graph.initializer}
    nodes = [n for n in model.graph.node if n.op_type in ("QuantizeLinear", "DequantizeLinear")]
    faults = [] if nodes else ["nothing in it is quantized"]
    for node in nodes:
        scale, zero = (constants.get(name) for name in (*node.input[1:3], "", "")[:2])
        if scale is None or not (numpy_helper.to_array(scale) > 0).all():
            faults.append(f"{node.name}: its scale is no positive constant")
        if zero is None:
            continue  # without one it is 0, of uint8
        if zero.data_type != onnx.TensorProto.INT8:
            kind = onnx.TensorProto.DataType.Name(zero.data_type).lower()
            faults.append(f"{node.name}: it is of {kind}, not int8")
        if numpy_helper.to_array(zero).any():
            faults.append(f"{node.name}: its zero point is not 0")
    return faults
