"""A resize that LiteRT's converter gets wrong: right, or its operator is named (tvm#19500)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.faults import narrow
from benchmarks.faults.case import Case, Outcome


def make(folder: Path) -> tuple[str, str]:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    random = np.random.default_rng(8)
    node = helper.make_node

    def weight(name: str, *shape: int) -> onnx.TensorProto:
        return numpy_helper.from_array(random.normal(0, 0.5, shape).astype(np.float32), name)

    graph = helper.make_graph(
        [
            node("Conv", ["image", "w"], ["map"]),
            node(
                "Resize",
                ["map", "", "scales"],
                ["large"],
                mode="nearest",
                coordinate_transformation_mode="asymmetric",
                nearest_mode="round_prefer_floor",
            ),
            node("Conv", ["large", "v"], ["y"]),
        ],
        "net",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 10, 10])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 2, "height", "width"])],
        [
            weight("w", 6, 3, 1, 1),
            weight("v", 2, 6, 1, 1),
            numpy_helper.from_array(np.array([1, 1, 1.5, 1.5], np.float32), "scales"),
        ],
    )
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), folder / "resize.onnx")
    image = random.normal(size=(300, 3, 10, 10)).astype(np.float32)
    np.savez(folder / "data.npz", image=image)
    narrow.write(folder, "onnxruntime", "litert")
    return "resize.onnx", "data.npz"


def right(outcome: Outcome) -> list[str]:
    found = [r for r in outcome.records if (r["runtime"], r["precision"]) == ("litert", "fp32")]
    if not found:
        return ["LiteRT has no fp32 row"]
    told = f"{found[0].get('reason')} {found[0].get('hint')}"
    if found[0]["status"] == "ok" or "Resize" in told:
        return []
    return [f"the operator is not named: {told}"]


CASE = Case(
    about="Resize nearest, asymmetric, round_prefer_floor (tvm#19500)",
    make=make,
    right=right,
    target=narrow.TARGET,
)
