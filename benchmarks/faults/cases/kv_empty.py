"""A decoder's first step: a past of length 0 (onnxruntime-genai#1567)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.faults import narrow
from benchmarks.faults.case import Case, Outcome


def make(folder: Path) -> tuple[str, str]:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    random = np.random.default_rng(2)

    def value(name: str, *shape: int | str) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))

    weights = {
        name: random.normal(0, 0.4, shape).astype(np.float32)
        for name, shape in (("wk", (8, 8)), ("wq", (8, 8)), ("wo", (8, 5)))
    }
    node = helper.make_node
    graph = helper.make_graph(
        [
            node("MatMul", ["x", "wk"], ["new"]),
            node("Concat", ["past", "new"], ["all"], axis=1),
            node("MatMul", ["x", "wq"], ["q"]),
            node("Transpose", ["all"], ["k"], perm=[0, 2, 1]),
            node("MatMul", ["q", "k"], ["scores"]),
            node("Softmax", ["scores"], ["share"], axis=-1),
            node("MatMul", ["share", "all"], ["mixed"]),
            node("MatMul", ["mixed", "wo"], ["logits"]),
        ],
        "step",
        [value("x", 1, 4, 8), value("past", 1, "past", 8)],
        [value("logits", 1, 4, 5), value("all", 1, "total", 8)],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), folder / "step.onnx")
    x = random.normal(size=(300, 1, 4, 8)).astype(np.float32)
    np.savez(folder / "data.npz", x=x, past=np.zeros((300, 1, 0, 8), np.float32))
    narrow.write(folder, "onnxruntime", "openvino")
    return "step.onnx", "data.npz"


def right(outcome: Outcome) -> list[str]:
    wrong = []
    for runtime in ("onnxruntime", "openvino"):
        if outcome.status(runtime, "fp32") != "ok":
            wrong.append(f"{runtime} fp32 does not run")
    if "axis 1 ('past')" not in " ".join(outcome.run.get("warnings", [])):
        wrong.append("nothing says that the past was fixed at 0")
    if "Traceback" in outcome.output or "edgeopt itself failed" in outcome.output:
        wrong.append("an error of edgeopt's own is shown")
    return wrong


CASE = Case(
    about="a past of length 0 (onnxruntime-genai#1567)",
    make=make,
    right=right,
    target=narrow.TARGET,
)
