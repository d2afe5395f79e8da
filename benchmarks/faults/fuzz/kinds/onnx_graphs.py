"""ONNX files that are whole and say what cannot be, or what is rarely seen."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.faults.fuzz.case import Case, optimize, put
from benchmarks.faults.fuzz.endless import endless

KIND = "onnx_graphs"
Change = Callable[[Any], None]


def cases(stock: Path, rng: random.Random) -> Iterator[Case]:
    words = optimize("--step-timeout=5", model="odd.onnx")
    yield Case(KIND, "endless", _endless, words, says=("odd.onnx",), limit_s=60)
    for name, (right, change) in _CHANGES.items():
        yield _case(stock, name, right, change)
    for dims in ((1 << 40,), (1 << 31, 1 << 31), (-1, 8), (1 << 20, 1 << 20)):
        name = f"weight-{'x'.join(map(str, dims))}"
        yield _case(stock, name, "refused", lambda model, dims=dims: _dims(model, dims))
    for dims in ((1 << 40, 8), (0, 8), (-3, 8), (1 << 31, 1 << 31), (1,) * 300):
        name = f"input-{'x'.join(map(str, dims))[:30]}"
        yield _case(stock, name, "orderly", lambda model, dims=dims: _input(model, dims))
    for name, value in _NAMES.items():
        yield _case(stock, f"name-{name}", "orderly", lambda model, v=value: _rename(model, v))
    for value in ("nan", "inf", "-inf", "3e38", "0"):
        change = lambda model, v=value: _weights(model, float(v))  # noqa: E731
        yield _case(stock, f"weights-{value}", "orderly", change)
    for version in (-1, 0, 1, 6, 99, 1 << 40):
        change = lambda model, v=version: _opset(model, v)  # noqa: E731
        yield _case(stock, f"opset-{version}", "orderly", change)
        change = lambda model, v=version: setattr(model, "ir_version", v)  # noqa: E731
        yield _case(stock, f"ir-{version}", "orderly", change)


def _endless(folder: Path, stock: Path, rng: random.Random) -> None:
    endless(folder / "odd.onnx")
    np.savez(folder / "data.npz", x=np.zeros((40, 2), np.float32))


def _case(stock: Path, name: str, right: str, change: Change) -> Case:
    import onnx

    model = onnx.load(stock / "model.onnx")
    change(model)
    words = optimize("--step-timeout=20", model="odd.onnx")
    return Case(
        KIND,
        name,
        put("odd.onnx", model.SerializeToString()),
        words,
        right=right,  # type: ignore[arg-type]
        says=("odd.onnx", "'", "model"),
    )


_NAMES = {
    "empty": "",
    "long": "n" * 5000,
    "newline": "a\nb\x1b[31mc",
    "markup": "[/red][bold]x",
    "path": "../../../../etc/passwd",
    "slash": "a/b\\c",
    "unicode": "входной тензор 输入 🙂",
    "format": "{x!r} %s ${HOME}",
    "quote": "x'\");import os#",
    "labels": "labels",
    "bidi": "abc\u202edef\u2066",
}


def _rename(model: Any, name: str) -> None:
    old = model.graph.input[0].name
    model.graph.input[0].name = name
    for node in model.graph.node:
        for at, one in enumerate(node.input):
            if one == old:
                node.input[at] = name


def _dims(model: Any, dims: tuple[int, ...]) -> None:
    del model.graph.initializer[0].dims[:]
    model.graph.initializer[0].dims.extend(dims)


def _input(model: Any, dims: tuple[int, ...]) -> None:
    shape = model.graph.input[0].type.tensor_type.shape
    del shape.dim[:]
    for dim in dims:
        shape.dim.add().dim_value = dim


def _weights(model: Any, value: float) -> None:
    from onnx import numpy_helper

    for weight in model.graph.initializer:
        array = np.full_like(numpy_helper.to_array(weight), value)
        weight.CopyFrom(numpy_helper.from_array(array, weight.name))


def _opset(model: Any, version: int) -> None:
    model.opset_import[0].version = version


def _clear(field: str) -> Change:
    return lambda model: model.graph.ClearField(field)


def _kind(code: int) -> Change:
    def change(model: Any) -> None:
        model.graph.input[0].type.tensor_type.elem_type = code

    return change


def _sequence(model: Any) -> None:
    from onnx import helper

    tensor = helper.make_tensor_type_proto(1, [1, 8])
    model.graph.input[0].type.CopyFrom(helper.make_sequence_type_proto(tensor))


def _node(field: str, value: str) -> Change:
    return lambda model: setattr(model.graph.node[0], field, value)


def _cycle(model: Any) -> None:
    model.graph.node[0].input[0] = model.graph.node[-1].output[0]


def _twice(model: Any) -> None:
    model.graph.node.extend([model.graph.node[0]])


def _dangling(model: Any) -> None:
    model.graph.output[0].name = "nobody"


def _constant(model: Any) -> None:
    """No inputs: the model answers the same whatever is asked."""
    from onnx import numpy_helper

    model.graph.ClearField("input")
    model.graph.initializer.append(numpy_helper.from_array(np.zeros((1, 8), np.float32), "x"))


def _nested(model: Any) -> None:
    """If within If, 60 deep: deeper ones protobuf itself refuses to write."""
    from onnx import helper

    graph = helper.make_graph([], "g", [], [helper.make_tensor_value_info("y", 1, None)])
    for number in range(30):
        node = helper.make_node("If", ["c"], [f"y{number}"], then_branch=graph, else_branch=graph)
        out = helper.make_tensor_value_info(f"y{number}", 1, None)
        graph = helper.make_graph([node], "g", [], [out])
        if graph.ByteSize() > 1 << 22:
            break
    model.graph.node.extend(graph.node)


def _outside(location: str, offset: str = "0", length: str = "256") -> Change:
    """A weight kept in another file."""

    def change(model: Any) -> None:
        weight = model.graph.initializer[0]
        weight.ClearField("raw_data")
        weight.data_location = 1
        for key, value in (("location", location), ("offset", offset), ("length", length)):
            entry = weight.external_data.add()
            entry.key, entry.value = key, value

    return change


_CHANGES: dict[str, tuple[str, Change]] = {
    "no-inputs": ("refused", _constant),
    "no-input-list": ("refused", _clear("input")),
    "no-outputs": ("refused", _clear("output")),
    "no-nodes": ("refused", _clear("node")),
    "no-weights": ("refused", _clear("initializer")),
    "no-graph": ("refused", lambda model: model.ClearField("graph")),
    "no-opset": ("orderly", lambda model: model.ClearField("opset_import")),
    "string-input": ("refused", _kind(8)),
    "complex-input": ("refused", _kind(14)),
    "undefined-input": ("refused", _kind(0)),
    "unknown-type": ("refused", _kind(999)),
    "int4-input": ("refused", _kind(22)),
    "bfloat-input": ("orderly", _kind(16)),
    "sequence-input": ("refused", _sequence),
    "unknown-operator": ("refused", _node("op_type", "Teleport")),
    "empty-operator": ("refused", _node("op_type", "")),
    "unknown-domain": ("refused", _node("domain", "made.up")),
    "long-operator": ("refused", _node("op_type", "x" * 20000)),
    "escape-operator": ("refused", _node("op_type", "a\x1b[31mb\x07")),
    "cycle": ("refused", _cycle),
    "same-node-twice": ("refused", _twice),
    "output-of-nobody": ("refused", _dangling),
    "nested": ("orderly", _nested),
    "outside-missing": ("refused", _outside("gone.bin")),
    "outside-parent": ("refused", _outside("../../../../etc/passwd")),
    "outside-absolute": ("refused", _outside("/etc/passwd")),
    "outside-device": ("refused", _outside("/dev/zero")),
    "outside-negative": ("refused", _outside("model.onnx", "-8")),
    "outside-beyond": ("refused", _outside("model.onnx", "99999999")),
    "outside-long": ("refused", _outside("model.onnx", "0", "9" * 400)),
    "outside-words": ("refused", _outside("model.onnx", "zero")),
    "outside-empty": ("refused", _outside("")),
    "outside-folder": ("refused", _outside(".")),
}
