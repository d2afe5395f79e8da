"""A model that is quantized already: rows and the baseline are named for what the file holds."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.faults.case import Case, Outcome


def make(folder: Path) -> tuple[str, str]:
    import onnx
    from onnx import TensorProto, helper, numpy_helper
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_static

    rng = np.random.default_rng(0)
    weights = [
        numpy_helper.from_array(rng.normal(0, 0.3, shape).astype("f4"), name)
        for name, shape in (("c1", (12, 3, 3, 3)), ("c2", (24, 12, 3, 3)), ("f", (5, 24)))
    ]
    nodes = [
        helper.make_node("Conv", ["x", "c1"], ["a"], strides=[2, 2]),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("Conv", ["b", "c2"], ["c"], strides=[2, 2]),
        helper.make_node("Relu", ["c"], ["d"]),
        helper.make_node("GlobalAveragePool", ["d"], ["e"]),
        helper.make_node("Flatten", ["e"], ["g"]),
        helper.make_node("Gemm", ["g", "f"], ["y"], transB=1),
    ]
    images, scores = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in (("x", [1, 3, 24, 24]), ("y", [1, 5]))
    )
    graph = helper.make_graph(nodes, "net", [images], [scores], weights)
    plain = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(plain, folder / "plain.onnx")
    data = rng.normal(size=(400, 3, 24, 24)).astype("f4")

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self.left = [{"x": one[None]} for one in data[:32]]

        def get_next(self) -> dict[str, np.ndarray] | None:
            return self.left.pop() if self.left else None

    quantize_static(
        str(folder / "plain.onnx"),
        str(folder / "qdq.onnx"),
        Reader(),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
    )
    np.savez(folder / "data.npz", x=data)
    return "qdq.onnx", "data.npz"


def right(outcome: Outcome) -> list[str]:
    wrong = []
    tried = {(r["runtime"], r["precision"]) for r in outcome.records if r["status"] != "skipped"}
    if tried != {("onnxruntime", "as-is"), ("openvino", "as-is")}:
        wrong.append(f"tried were {sorted(tried)}")
    if any(r["status"] == "ok" and r["precision"] != "as-is" for r in outcome.records):
        wrong.append("a row is called otherwise than as-is")
    baseline = outcome.run.get("choices", [{}])[0].get("baseline_id")
    names = {r["recipe_id"]: f"{r['runtime']} {r['precision']}" for r in outcome.records}
    if names.get(baseline) != "onnxruntime as-is":
        wrong.append(f"the baseline is {names.get(baseline)}")
    reasons = [r["reason"] for r in outcome.records if r["runtime"] == "litert"]
    if not any("onnx2tf turns quantized operators" in reason for reason in reasons):
        wrong.append("no true reason for LiteRT")
    return wrong + ([] if outcome.chosen else ["nothing ships"])


CASE = Case(
    about="ONNX quantized already, QDQ (onnxruntime#14142, #10728): rows and baseline were called "
    "fp32 and bf16, and were the int8 graph",
    make=make,
    right=right,
)
