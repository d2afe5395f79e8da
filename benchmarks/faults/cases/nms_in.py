"""A detector with its suppression inside: outputs of open length (ultralytics#10303)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.faults.case import Case, Outcome


def make(folder: Path) -> tuple[str, str]:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    random = np.random.default_rng(3)
    node, number = helper.make_node, numpy_helper.from_array
    corners = random.uniform(0, 20, (1, 32, 2)).astype(np.float32)
    boxes = np.concatenate([corners, corners + 6], axis=2)
    graph = helper.make_graph(
        [
            node("Conv", ["image", "w"], ["map"], strides=[4, 4]),
            node("Reshape", ["map", "flat"], ["raw"]),
            node("Sigmoid", ["raw"], ["scores"]),
            node("NonMaxSuppression", ["boxes", "scores", "most", "overlap", "least"], ["kept"]),
        ],
        "detector",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 16, 32])],
        [helper.make_tensor_value_info("kept", TensorProto.INT64, ["found", 3])],
        [
            number(random.normal(0, 0.2, (1, 3, 4, 4)).astype(np.float32), "w"),
            number(np.array([1, 1, 32]), "flat"),
            number(boxes, "boxes"),
            number(np.array([9]), "most"),
            number(np.array([0.4], np.float32), "overlap"),
            number(np.array([0.6], np.float32), "least"),
        ],
    )
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), folder / "nms.onnx")
    loud = random.uniform(0.05, 2, (300, 1, 1, 1))
    np.savez(
        folder / "data.npz",
        image=(random.normal(size=(300, 3, 16, 32)) * loud).astype(np.float32),
    )
    return "nms.onnx", "data.npz"


def right(outcome: Outcome) -> list[str]:
    said = " ".join(outcome.output.split())
    wrong = [] if outcome.code == 2 else [f"exit status {outcome.code}, not 2"]
    for words in ("change their shape from sample to sample", "'kept'", "NonMaxSuppression"):
        if words not in said:
            wrong.append(f"not said: {words}")
    if "does not run" in said or "Traceback" in said:
        wrong.append("a false reason is given")
    if outcome.run:
        wrong.append("a folder is left behind")
    return wrong


CASE = Case(
    about="NonMaxSuppression inside, outputs of open length (tensorflow#51629, ultralytics#10303)",
    make=make,
    right=right,
)
