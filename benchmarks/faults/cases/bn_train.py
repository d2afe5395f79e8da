"""Exported in training mode: drop-out that drops (onnxscript#1791, pytorch#75252)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.faults.case import Case, Outcome


def make(folder: Path, dropout: bool = True) -> tuple[str, str]:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    random = np.random.default_rng(4)
    node, number = helper.make_node, numpy_helper.from_array
    vectors = [number(random.uniform(0.4, 2, 6).astype(np.float32), name) for name in "sbmv"]
    nodes = [
        node("Conv", ["image", "w"], ["c"], strides=[2, 2]),
        node("BatchNormalization", ["c", "s", "b", "m", "v"], ["n", "m2", "v2"], training_mode=1),
        node("Dropout", ["n", "ratio", "yes"], ["d"]) if dropout else node("Relu", ["n"], ["d"]),
        node("GlobalMaxPool", ["d"], ["p"]),
        node("Flatten", ["p"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 12, 12])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 6])],
        [
            number(random.normal(0, 0.3, (6, 3, 3, 3)).astype(np.float32), "w"),
            number(np.float32(0.3), "ratio"),
            number(np.True_, "yes"),
            *vectors,
        ],
    )
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), folder / "train.onnx")
    image = random.normal(size=(400, 3, 12, 12)) * random.uniform(0.5, 3, (400, 3, 1, 1))
    np.savez(folder / "data.npz", image=image.astype(np.float32))
    return "train.onnx", "data.npz"


def right(outcome: Outcome) -> list[str]:
    said = " ".join(outcome.output.split())
    wrong = [] if outcome.code == 2 else [f"exit status {outcome.code}, not 2"]
    for words in ("answers differently when asked the same again", "Dropout", "evaluation mode"):
        if words not in said:
            wrong.append(f"not said: {words}")
    return wrong


CASE = Case(about="drop-out in training mode (pytorch#75252)", make=make, right=right)
