"""A half-precision model: widened to float32 once, said, and every runtime may have it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.faults.case import Case, Outcome

#: ncnn's rows are left out on x86 by the usual profile, and are what was refused falsely.
PROFILE = """
name = "own"
title = "Four runtimes in fp32"
summary = "Whatever machine this is."
arch = "x86_64"
os = "linux"
link = "local"
cores = [{ model = "any", count = 2 }]
threads = [1]

[isa]
features = []
absent = []
basis = "recalled"
source = "none"

[match]
features = ["fpu"]
"""


def make(folder: Path) -> tuple[str, str]:
    import onnx
    from onnx import TensorProto, helper

    rng = np.random.default_rng(0)

    def half(name: str, *shape: int) -> onnx.TensorProto:
        values = rng.normal(0, 0.3, shape).astype("f2").flatten()
        return helper.make_tensor(name, TensorProto.FLOAT16, shape, values)

    weights = [half("c1", 12, 3, 3, 3), half("c2", 24, 12, 3, 3), half("f", 5, 24), half("s", 1)]
    nodes = [
        helper.make_node("Conv", ["x", "c1"], ["a"], strides=[2, 2]),
        helper.make_node("HardSwish", ["a"], ["b"]),
        helper.make_node("Conv", ["b", "c2"], ["c"], strides=[2, 2]),
        helper.make_node("Cast", ["c"], ["w"], to=TensorProto.FLOAT),
        helper.make_node("Sigmoid", ["w"], ["v"]),
        helper.make_node("Cast", ["v"], ["d"], to=TensorProto.FLOAT16),
        helper.make_node("GlobalAveragePool", ["d"], ["e"]),
        helper.make_node("Flatten", ["e"], ["g"]),
        helper.make_node("Gemm", ["g", "f"], ["h"], transB=1),
        helper.make_node("Add", ["h", "s"], ["y"]),
    ]
    images, scores = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT16, shape)
        for name, shape in (("x", ["n", 3, 24, 24]), ("y", ["n", 5]))
    )
    graph = helper.make_graph(nodes, "net", [images], [scores], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, folder / "half.onnx")
    rows = "".join(
        f'\n[[recipes]]\nruntime = "{runtime}"\nprecision = "fp32"\nwhy = "a reference"\n'
        for runtime in ("onnxruntime", "openvino", "litert", "ncnn")
    )
    (folder / "own.toml").write_text(PROFILE + rows, "utf-8")
    np.savez(folder / "data.npz", x=rng.normal(size=(400, 3, 24, 24)).astype("f2"))
    return "half.onnx", "data.npz"


def right(outcome: Outcome) -> list[str]:
    wrong = []
    for runtime in ("onnxruntime", "openvino", "litert", "ncnn"):
        [record] = [r for r in outcome.records if r["runtime"] == runtime] or [{}]
        if record.get("status") != "ok":
            wrong.append(f"{runtime}: {record.get('reason')}")
        elif record["executed"]["precision"] != "fp32" or record["executed"].get("instead"):
            wrong.append(f"{runtime} fp32 ran in {record['executed']['precision']}")
    said = " ".join(outcome.run.get("warnings", []))
    if "float16 numbers are widened to float32 once" not in said:
        wrong.append("the run does not say that it was widened")
    return wrong


CASE = Case(
    about="half-precision ONNX (onnxruntime#16778, #25824): fp32 rows were the fp16 graph, ncnn "
    "was refused with a false reason; and a profile of one's own without OpenVINO's hint",
    make=make,
    right=right,
    target="./own.toml",
)
