"""An output that is one of the inputs (onnx: sequence_model1; a Conv beside `Dropout(x)`)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.faults import profile
from benchmarks.faults.case import Case, Outcome

ROWS = (("onnxruntime", "fp32"), ("openvino", "fp32"), ("litert", "fp32"))


def make(folder: Path) -> tuple[str, str]:
    """A convolution, and the input as it came."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(5)
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["maps"]),
        helper.make_node("ReduceMean", ["maps"], ["y"], axes=[2, 3], keepdims=0),
        helper.make_node("Dropout", ["x"], ["same"]),
    ]
    shapes = {"y": [1, 5], "same": [1, 3, 8, 8]}
    graph = helper.make_graph(
        nodes,
        "through",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 8, 8])],
        [helper.make_tensor_value_info(k, TensorProto.FLOAT, v) for k, v in shapes.items()],
        [numpy_helper.from_array(rng.normal(size=(5, 3, 3, 3)).astype(np.float32), "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save_model(model, str(folder / "through.onnx"))
    np.savez(folder / "through.npz", x=rng.normal(size=(200, 3, 8, 8)).astype(np.float32))
    profile.write(folder, *ROWS)
    return "through.onnx", "through.npz"


def right(outcome: Outcome) -> list[str]:
    """OpenVINO's row is one like the others."""
    return [
        f"{runtime} fp32 is {outcome.status(runtime, 'fp32') or 'no row'}"
        for runtime in ("onnxruntime", "openvino", "litert")
        if outcome.status(runtime, "fp32") != "ok"
    ]


CASE = Case(about=(__doc__ or "").strip(), make=make, right=right, target=profile.TARGET)
