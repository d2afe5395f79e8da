"""Nets that other tools have quantized already, as ONNX: each kind that there is."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper

from tests.convert import tiny_nets


def qdq(path: Path) -> Path:
    """Float operators between QuantizeLinear and DequantizeLinear."""
    return _static(path, "QDQ")


def qoperator(path: Path) -> Path:
    """QLinearConv and the like."""
    return _static(path, "QOperator")


def dynamic(path: Path) -> Path:
    """DynamicQuantizeLinear and MatMulInteger."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    plain = tiny_nets.mlp(path.with_name("mlp.onnx"))
    quantize_dynamic(str(plain), str(path), weight_type=QuantType.QInt8)
    return path


def weights(path: Path) -> Path:
    """Integers behind DequantizeLinear, everything else float."""
    model = onnx.load(str(tiny_nets.mlp(path.with_name("mlp.onnx"))))
    for tensor in list(model.graph.initializer):
        if len(tensor.dims) != 2:
            continue
        array = numpy_helper.to_array(tensor)
        scale = np.float32(np.abs(array).max() / 127)
        name = tensor.name
        model.graph.initializer.remove(tensor)
        model.graph.initializer.extend(
            [
                numpy_helper.from_array(np.round(array / scale).astype(np.int8), f"{name}_q"),
                numpy_helper.from_array(scale, f"{name}_s"),
            ]
        )
        node = helper.make_node("DequantizeLinear", [f"{name}_q", f"{name}_s"], [name])
        model.graph.node.insert(0, node)
    onnx.save(model, str(path))
    return path


def _static(path: Path, form: str) -> Path:
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_static

    class Reader(CalibrationDataReader):
        def __init__(self) -> None:
            rng = np.random.default_rng(0)
            shape = (1, 3, 16, 12)
            self._left = [{"image": rng.normal(size=shape).astype("f4")} for _ in range(16)]

        def get_next(self):
            return self._left.pop() if self._left else None

    logging.getLogger().setLevel(logging.ERROR)  # it would have the model prepared first
    plain = tiny_nets.conv(path.with_name("conv.onnx"))
    quantize_static(str(plain), str(path), Reader(), quant_format=QuantFormat[form])
    return path
