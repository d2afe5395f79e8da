"""The canonical ONNX form of a source that another tool turned into ONNX."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from edgeopt.domain.errors import EdgeoptError
from edgeopt.sources import canonical_onnx, half_precision
from edgeopt.sources.onnx import operators

if TYPE_CHECKING:
    import numpy as np
    import onnx


class OnnxForm(Struct, frozen=True, kw_only=True):
    """What `Source` says of its ONNX form."""

    onnx: str | None
    onnx_reason: str = ""
    operators: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def write(
    model: onnx.ModelProto, inputs: Mapping[str, np.ndarray], outputs: Sequence[str], folder: Path
) -> OnnxForm:
    """Write `model.onnx`.

    The steps are compared with the converted model's own answers. How near those are to the
    source's is judged later, in each runtime.

    Args:
        inputs: one sample of each input, in the model's order, by the source's names.
        outputs: the source's names, in the model's order.

    Raises:
        BadInput: ONNX Runtime does not run what the tool made.
    """
    half_precision.widen(model)
    inputs = half_precision.floats(inputs)
    _rename(model, list(inputs), list(outputs))
    raw, path = folder / "converted.onnx", folder / "model.onnx"
    fixed = canonical_onnx.fix_shapes(model, {name: list(a.shape) for name, a in inputs.items()})
    canonical_onnx.save(fixed, raw)
    _, answers = canonical_onnx.answers(raw, dict(inputs))
    notes = canonical_onnx.write(fixed, path, dict(inputs), answers)
    return OnnxForm(onnx=str(path), operators=operators(path), notes=tuple(notes))


def missing(reason: str) -> OnnxForm:
    """Where there is none."""
    return OnnxForm(onnx=None, onnx_reason=reason)


def _rename(model: onnx.ModelProto, inputs: list[str], outputs: list[str]) -> None:
    """Give the graph's inputs and outputs the source's names, in place."""
    graph = model.graph
    weights = {tensor.name for tensor in graph.initializer}
    own = [value for value in graph.input if value.name not in weights]
    if (len(own), len(graph.output)) != (len(inputs), len(outputs)):
        raise EdgeoptError(
            f"it has {len(own)} inputs and {len(graph.output)} outputs in ONNX, the source "
            f"{len(inputs)} and {len(outputs)}"
        )
    wanted = _paired([value.name for value in own], inputs)
    wanted |= _paired([value.name for value in graph.output], outputs)
    if len(wanted) != len(inputs) + len(outputs):
        raise EdgeoptError("an input or output of it appears twice in ONNX")
    # Inner values that happen to have one of the names make way.
    taken = {name: f"{name}_inner" for name in wanted.values() if name not in wanted}
    names = taken | wanted
    for value in (*graph.input, *graph.output, *graph.value_info, *graph.initializer):
        value.name = names.get(value.name, value.name)
    for node in graph.node:
        rename_node(node, names)


def _paired(found: list[str], names: list[str]) -> dict[str, str]:
    """A tool's name -> the source's: by name, by position only where no name matches."""
    by_name = {_stem(name): name for name in found}
    if set(by_name) == set(names) and len(by_name) == len(found):
        return {by_name[name]: name for name in names}
    return dict(zip(found, names, strict=True))


def _stem(name: str) -> str:
    """A name without what TensorFlow's tools put around it."""
    return name.removeprefix("serving_default_").split(":")[0]


def rename_node(node: onnx.NodeProto, names: dict[str, str]) -> None:
    """Give a node's values, and those inside its subgraphs, other names."""
    node.input[:] = [names.get(name, name) for name in node.input]
    node.output[:] = [names.get(name, name) for name in node.output]
    for attribute in node.attribute:
        if attribute.HasField("g"):  # a subgraph sees the names of the graph around it
            for inside in attribute.g.node:
                rename_node(inside, names)
            for value in (*attribute.g.output, *attribute.g.initializer, *attribute.g.value_info):
                value.name = names.get(value.name, value.name)
