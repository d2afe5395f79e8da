"""A small model that never answers."""

from __future__ import annotations

from pathlib import Path


def endless(path: Path) -> None:
    """x [1, 2] -> itself, after a loop without an end."""
    import onnx
    from onnx import helper

    value = helper.make_tensor_value_info
    body = helper.make_graph(
        [helper.make_node("Identity", ["c"], ["on"]), helper.make_node("Add", ["v", "v"], ["w"])],
        "body",
        [value("i", 7, []), value("c", 9, []), value("v", 1, [1, 2])],
        [value("on", 9, []), value("w", 1, [1, 2])],
    )
    few = helper.make_node("Less", ["least", "x"], ["some"])  # not to be folded away
    first = helper.make_node("ReduceMax", ["asked"], ["cond"], keepdims=0)
    cast = helper.make_node("Cast", ["some"], ["asked"], to=1)
    yes = helper.make_node("Cast", ["cond"], ["go"], to=9)
    loop = helper.make_node("Loop", ["", "go", "x"], ["y"], body=body)
    graph = helper.make_graph(
        [few, cast, first, yes, loop],
        "g",
        [value("x", 1, [1, 2])],
        [value("y", 1, [1, 2])],
        [helper.make_tensor("least", 1, [], [-9.0])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(path))
