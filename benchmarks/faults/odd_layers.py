"""What the cases share whose models have a layer that some quantizer cannot take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.faults.case import Outcome

_RNG = np.random.default_rng(7)


def node(kind: str, inputs: Sequence[str], outputs: Sequence[str], **settings: Any) -> Any:
    """A node of an ONNX graph."""
    from onnx import helper

    return helper.make_node(kind, list(inputs), list(outputs), **settings)


def weight(*shape: int) -> np.ndarray:
    """Random weights whose products keep the size of what they are given."""
    scale = np.sqrt(max(1, int(np.prod(shape[1:]))))
    return (_RNG.normal(size=shape) / scale).astype(np.float32)


def save(
    path: Path,
    nodes: Sequence[Any],
    inputs: Mapping[str, Sequence[int]],
    outputs: Mapping[str, Sequence[int]],
    constants: Mapping[str, np.ndarray],
) -> None:
    """Write a model of float inputs and outputs."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    def values(named: Mapping[str, Sequence[int]]) -> list[Any]:
        return [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))
            for name, shape in named.items()
        ]

    stored = [numpy_helper.from_array(array, name) for name, array in constants.items()]
    graph = helper.make_graph(list(nodes), "g", values(inputs), values(outputs), stored)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    onnx.save_model(model, str(path))


def lost(outcome: Outcome, *wanted: str) -> list[str]:
    """Which of these rows ("onnxruntime int8-static") are not ok, with their reasons."""
    rows = {f"{r['runtime']} {r['precision']}": r for r in outcome.records}
    wrong = []
    for name in wanted:
        row = rows.get(name, {"status": "no row"})
        if row["status"] != "ok":
            wrong.append(f"{name}: {row['status']} {row.get('reason', '')}".strip())
    return wrong


def unsaid(outcome: Outcome, name: str, *words: str) -> list[str]:
    """Whether no note of a row has all of these words."""
    rows = [r for r in outcome.records if f"{r['runtime']} {r['precision']}" == name]
    notes = [note for row in rows for note in row.get("notes", [])]
    if any(all(word in note for word in words) for note in notes):
        return []
    return [f"no note of {name} has {', '.join(words)}; they are {notes}"]
