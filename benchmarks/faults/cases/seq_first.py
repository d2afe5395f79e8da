"""A recurrent net with the batch on axis 1; the data is [n, time, features] (openvino#1273)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.faults import narrow
from benchmarks.faults.case import Case, Outcome


def make(folder: Path) -> tuple[str, str]:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    random = np.random.default_rng(6)
    node = helper.make_node

    def weight(name: str, *shape: int) -> onnx.TensorProto:
        return numpy_helper.from_array(random.normal(0, 0.4, shape).astype(np.float32), name)

    graph = helper.make_graph(
        [
            node("LSTM", ["x", "w", "r"], ["steps", "last"], hidden_size=10),
            node("Squeeze", ["last", "first"], ["h"]),
            node("MatMul", ["h", "out"], ["y"]),
        ],
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [12, "batch", 5])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 3])],
        [
            weight("w", 1, 40, 5),
            weight("r", 1, 40, 10),
            weight("out", 10, 3),
            numpy_helper.from_array(np.array([0]), "first"),
        ],
    )
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), folder / "lstm.onnx")
    x = random.normal(size=(300, 12, 5)).astype(np.float32)
    np.savez(folder / "data.npz", x=x)
    narrow.write(folder, "onnxruntime", "openvino", "litert")
    return "lstm.onnx", "data.npz"


def right(outcome: Outcome) -> list[str]:
    return [
        f"{runtime} fp32 does not run"
        for runtime in ("onnxruntime", "openvino", "litert")
        if outcome.status(runtime, "fp32") != "ok"
    ]


CASE = Case(
    about="the batch on axis 1 (openvino#1273)", make=make, right=right, target=narrow.TARGET
)
