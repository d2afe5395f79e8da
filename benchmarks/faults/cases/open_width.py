"""An open width that is fixed to the data's: told in the result, the manifest and run.py."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.faults import narrow
from benchmarks.faults.case import Case, Outcome


def make(folder: Path) -> tuple[str, str]:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    random = np.random.default_rng(7)
    weight = numpy_helper.from_array(random.normal(0, 0.4, (6, 1, 8, 3)).astype(np.float32), "w")
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["line", "w"], ["map"], pads=[0, 1, 0, 1]),
            helper.make_node("Softmax", ["map"], ["y"], axis=1),
        ],
        "reader",
        [helper.make_tensor_value_info("line", TensorProto.FLOAT, ["batch", 1, 8, "width"])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 6, 1, "width"])],
        [weight],
    )
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), folder / "reader.onnx")
    line = random.normal(size=(300, 1, 8, 24)).astype(np.float32)
    np.savez(folder / "data.npz", line=line)
    narrow.write(folder, "onnxruntime")
    return "reader.onnx", "data.npz"


def right(outcome: Outcome) -> list[str]:
    wrong = []
    said = " ".join(outcome.run.get("warnings", []))
    if "axis 3 ('width')" not in said or "--shape line=1x1x8xWIDTH" not in said:
        wrong.append("the fixed width is not told with what to do")
    axes = outcome.run.get("source", {}).get("open_axes", [])
    if [(a["name"], a["size"]) for a in axes] != [("batch", 1), ("width", 24)]:
        wrong.append("the facts of the source lack the open axes")
    return wrong


CASE = Case(
    about="an open width, fixed silently once", make=make, right=right, target=narrow.TARGET
)
