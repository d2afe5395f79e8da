"""A table in external data that is also the last layer's weights: stored once, and fp16 is true."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.faults.case import Case, Outcome

ROWS, WIDTH = 20_000, 32


def make(folder: Path) -> tuple[str, str]:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(0)
    weights = [
        numpy_helper.from_array(rng.normal(0, 0.2, shape).astype("f4"), name)
        for name, shape in (("table", (ROWS, WIDTH)), ("mix", (WIDTH, WIDTH)))
    ]
    nodes = [
        helper.make_node("Gather", ["table", "ids"], ["a"]),
        helper.make_node("MatMul", ["a", "mix"], ["b"]),
        helper.make_node("Tanh", ["b"], ["c"]),
        helper.make_node("ReduceMean", ["c"], ["d"], axes=[1], keepdims=0),
        helper.make_node("Transpose", ["table"], ["turned"], perm=[1, 0]),
        helper.make_node("MatMul", ["d", "turned"], ["scores"]),
    ]
    ids = helper.make_tensor_value_info("ids", TensorProto.INT32, ["n", 6])
    scores = helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", ROWS])
    graph = helper.make_graph(nodes, "net", [ids], [scores], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    place = folder / "a folder"
    place.mkdir()
    onnx.save(model, place / "net.onnx", save_as_external_data=True, location="the weights.bin")
    np.savez(folder / "data.npz", ids=rng.integers(0, ROWS, (300, 6)).astype("i4"))
    return "a folder/net.onnx", "data.npz"


def right(outcome: Outcome) -> list[str]:
    wrong = []
    once = ROWS * WIDTH * 4
    for record in outcome.records:
        share = {"fp32": 1.0, "fp16": 0.5}.get(record["precision"])
        if record["status"] != "ok" or share is None:
            continue
        name = f"{record['runtime']} {record['precision']}"
        if record["size_bytes"] > 1.1 * share * once:
            wrong.append(f"{name} has {record['size_bytes']} bytes, the table {share * once:.0f}")
    for runtime in ("onnxruntime", "openvino", "litert"):
        if outcome.status(runtime, "fp32") != "ok":
            wrong.append(f"{runtime} fp32 is {outcome.status(runtime, 'fp32') or 'not there'}")
    for record in outcome.records:
        weights = record["runtime"] == "litert" and record["precision"] == "int8-weights"
        told = any("stay 32-bit floats" in note for note in record["notes"])
        if weights and record["status"] == "ok" and not told:
            wrong.append("LiteRT's int8-weights does not say that its table is float32")
    return wrong


CASE = Case(
    about="a tied table in external data (onnxruntime#21277): fp32 was twice as large, LiteRT's "
    "fp16 in float32",
    make=make,
    right=right,
)
