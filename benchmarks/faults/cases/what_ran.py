"""A profile without OpenVINO's hint, on a processor that answers f16 with bf16."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.faults.case import Case, Outcome

PROFILE = """
name = "own"
title = "OpenVINO without hints"
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

[[recipes]]
runtime = "openvino"
precision = "fp32"
why = "what it is compared with"

[[recipes]]
runtime = "openvino"
precision = "fp16"
why = "half precision"
"""


def make(folder: Path) -> tuple[str, str]:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(0)
    # Sums of large numbers that cancel: what bfloat16 rounds away shows.
    first = rng.normal(0, 1, (64, 64)).astype("f4")
    weights = [
        numpy_helper.from_array(array, name)
        for name, array in (("a", first), ("b", (np.linalg.inv(first) @ first - 0.9).astype("f4")))
    ]
    nodes = [
        helper.make_node("MatMul", ["x", "a"], ["h"]),
        helper.make_node("MatMul", ["h", "b"], ["y"]),
    ]
    given, scores = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 64]) for name in ("x", "y")
    )
    graph = helper.make_graph(nodes, "net", [given], [scores], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, folder / "net.onnx")
    (folder / "own.toml").write_text(PROFILE, "utf-8")
    np.savez(folder / "data.npz", x=rng.normal(size=(400, 64)).astype("f4"))
    return "net.onnx", "data.npz"


def right(outcome: Outcome) -> list[str]:
    wrong = []
    found = {r["precision"]: r for r in outcome.records}
    whole, half = found.get("fp32", {}), found.get("fp16", {})
    if whole.get("status") != "ok" or whole["executed"]["instead"]:
        wrong.append(f"fp32: {whole.get('reason') or whole.get('executed')}")
    account = half.get("executed") or {"options": {}}
    if account["options"].get("INFERENCE_PRECISION_HINT") != "bf16":
        return [*wrong, "the stand-in does not hold: f16 was not answered with bf16"]
    if account["instead"] != "bf16":
        wrong.append("fp16 ran in bf16, and the record does not say so")
    if "openvino fp16 (ran in" not in outcome.output:  # the table breaks the line behind it
        wrong.append("fp16 ran in bf16, and the table does not say so")
    return wrong


CASE = Case(
    about="OpenVINO's fp32 in bfloat16 under a profile of one's own, and f16 answered with bf16 "
    "where the processor has no half precision (a stand-in for AMD's Zen 5)",
    make=make,
    right=right,
    target="./own.toml",
    environment={"ONEDNN_MAX_CPU_ISA": "AVX512_CORE_BF16"},
)
