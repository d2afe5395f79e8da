"""Small nets of 5 us to 5 ms with random weights, for ONNX Runtime and OpenVINO."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

#: By about what one thread takes: side of the image, channels, convolutions; side 1 is a matrix.
SIZES = {"5 us": (1, 32, 2), "50 us": (14, 16, 2), "0.5 ms": (28, 32, 2), "5 ms": (56, 64, 3)}
RUNTIMES = {"onnxruntime": ".onnx", "openvino": ".xml"}


def write(folder: Path, runtime: str, size: str, copies: int) -> list[Path]:
    """Copies of one file, each in a folder of its own."""
    first = folder / "0" / f"net{RUNTIMES[runtime]}"
    first.parent.mkdir(parents=True)
    _save(first, runtime, *SIZES[size])
    for number in range(1, copies):
        shutil.copytree(first.parent, folder / str(number))
    return [folder / str(number) / first.name for number in range(copies)]


def layers(size: str) -> int:
    """Those that compute."""
    return SIZES[size][2]


def _save(path: Path, runtime: str, side: int, channels: int, count: int) -> None:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(0)
    kernel, pad = (1, 0) if side == 1 else (3, 1)
    weights, nodes, last = [], [], "x"
    for i in range(count):
        shape = (channels, channels, kernel, kernel)
        scale = (channels * kernel * kernel) ** -0.5
        weight = (scale * rng.standard_normal(shape)).astype(np.float32)
        weights.append(numpy_helper.from_array(weight, f"w{i}"))
        out = "y" if i == count - 1 else f"h{i}"
        nodes.append(
            helper.make_node("Conv", [last, f"w{i}"], [f"c{i}"], name=f"conv{i}", pads=[pad] * 4)
        )
        nodes.append(helper.make_node("Tanh" if i == count - 1 else "Relu", [f"c{i}"], [out]))
        last = out
    values = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, channels, side, side])
        for name in "xy"
    ]
    graph = helper.make_graph(nodes, "net", values[:1], values[1:], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    if runtime == "onnxruntime":
        onnx.save(model, path)
        return
    import openvino

    source = path.with_suffix(".onnx")
    onnx.save(model, source)
    openvino.save_model(openvino.convert_model(source), path, compress_to_fp16=False)
    source.unlink()
