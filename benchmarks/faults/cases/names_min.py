"""Two inputs of one shape, one of them named `...:0` (tensorflow#56985, onnx2tf#186)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.faults import profile
from benchmarks.faults.case import Case, Outcome

ROWS = (("onnxruntime", "fp32"), ("openvino", "fp32"), ("litert", "fp32"))

NAMES = ("right:0", "left:0")  # in the graph's order, which is not the alphabet's


def make(folder: Path) -> tuple[str, str]:
    """y = tanh(left A) - right B: what is swapped answers otherwise."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(1)
    right, left = NAMES
    nodes = [
        helper.make_node("Gemm", [left, "a"], ["p"]),
        helper.make_node("Tanh", ["p"], ["t"]),
        helper.make_node("Gemm", [right, "b"], ["q"]),
        helper.make_node("Sub", ["t", "q"], ["y"]),
    ]
    tensors = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 12]) for name in NAMES]
    weights = [
        numpy_helper.from_array(rng.normal(size=(12, 6)).astype(np.float32), name) for name in "ab"
    ]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 6])]
    graph = helper.make_graph(nodes, "names", tensors, outputs, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save_model(model, str(folder / "names.onnx"))
    arrays = {name: rng.normal(size=(300, 12)).astype(np.float32) for name in NAMES}
    np.savez(folder / "names.npz", **arrays)
    profile.write(folder, *ROWS)
    return "names.onnx", "names.npz"


def right(outcome: Outcome) -> list[str]:
    """Every runtime's fp32 is a row, LiteRT's, too."""
    return [
        f"{runtime} fp32 is {outcome.status(runtime, 'fp32') or 'no row'}"
        for runtime in ("onnxruntime", "openvino", "litert")
        if outcome.status(runtime, "fp32") != "ok"
    ]


CASE = Case(about=(__doc__ or "").strip(), make=make, right=right, target=profile.TARGET)
