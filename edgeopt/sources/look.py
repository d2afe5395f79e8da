"""An ONNX form, looked at in a child process: its costs, and its answers to a few samples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from edgeopt.domain.inspection import Costs
from edgeopt.domain.model import Value
from edgeopt.sources import canonical_onnx, costs


class LookRequest(Value, kw_only=True, frozen=True):
    """To look at a file.

    Attributes:
        samples: an .npz with [n, *shape] of each input; None: it is not asked.
        answers: the .npz that is written, with [n, *shape] of each output.
    """

    onnx: str
    samples: str | None
    answers: str


class Look(Value, kw_only=True, frozen=True):
    """What was seen. `one_class`: outputs that are a softmax over one class, always 1."""

    costs: Costs
    one_class: tuple[str, ...] = ()


def look(request: LookRequest) -> Look:
    """See `load.look`."""
    path = Path(request.onnx)
    if request.samples is not None:
        with np.load(request.samples) as stored:
            given = {name: stored[name] for name in stored.files}
        count = len(next(iter(given.values())))
        answered = [_answer(path, {k: v[i] for k, v in given.items()}) for i in range(count)]
        stacked: dict[str, Any] = {k: np.stack([a[k] for a in answered]) for k in answered[0]}
        np.savez(request.answers, **stacked)
    return Look(costs=costs.count(path), one_class=tuple(_one_class(path)))


def _answer(path: Path, sample: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    specs, arrays = canonical_onnx.answers(path, sample)
    return {spec.name: array for spec, array in zip(specs, arrays, strict=True)}


def _one_class(path: Path) -> list[str]:
    """Outputs of a softmax over an axis of 1."""
    import onnx

    model = onnx.load(str(path), load_external_data=False)
    softmax = {
        node.output[0]: next((a.i for a in node.attribute if a.name == "axis"), -1)
        for node in model.graph.node
        if node.op_type == "Softmax"
    }
    return [
        value.name
        for value in model.graph.output
        if value.name in softmax
        and value.type.tensor_type.shape.dim[softmax[value.name]].dim_value == 1
    ]
