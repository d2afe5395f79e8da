"""A LiteRT file freed of the one size at which it was converted.

Converters write the shape that a RESHAPE makes as numbers. A file of the same model at another
size tells which of them depend on it. One that does becomes "whatever is left" (-1); where several
do, the others are computed from what is reshaped (`litert_sides`). What depends on the size in
another way, also in an operator's options, cannot be freed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from edgeopt.convert import litert_sides
from edgeopt.domain.errors import EdgeoptError
from edgeopt.domain.open_axis import KeptAxis


def loosen(target: Path, smaller: Path, kept: KeptAxis) -> None:
    """Free in a file, in place, what differs from the same model's file at another size.

    Raises:
        EdgeoptError: something else than numbers of a RESHAPE differs, or a number that is no
            multiple of a side of what is reshaped.
    """
    from ai_edge_litert.tools import flatbuffer_utils

    large, small = (flatbuffer_utils.read_model(str(path)) for path in (target, smaller))
    changed = False
    for model in (large, small):
        for graph in model.subgraphs:
            changed |= litert_sides.without_needless(model, graph)
    if [list(_wiring(large, graph)) for graph in large.subgraphs] != [
        list(_wiring(small, graph)) for graph in small.subgraphs
    ]:
        raise cannot(kept, "the converter makes other operators of each size")
    for graph, other in zip(large.subgraphs, small.subgraphs, strict=True):
        pairs = list(zip(graph.operators, other.operators, strict=True))
        for one, twin in pairs:
            changed |= _loosened((large, graph, one), (small, other, twin), kept)
    if changed:
        target.write_bytes(flatbuffer_utils.convert_object_to_bytearray(large))


def _wiring(model: Any, graph: Any) -> Iterator[tuple[Any, ...]]:
    """Of each operator its kind, and what it reads and writes; numbers count from the inputs on.

    Tensors are numbered as they appear: each conversion gives them other places.
    """
    numbers = {int(tensor): place for place, tensor in enumerate(graph.inputs)}
    for one in graph.operators:
        read = [None if _is_given(model, graph, t) else numbers.get(int(t)) for t in one.inputs]
        for tensor in one.outputs:
            numbers[int(tensor)] = len(numbers)
        yield litert_sides.kind(model, one), read, [numbers[int(t)] for t in one.outputs]
    yield "outputs", [numbers.get(int(tensor)) for tensor in graph.outputs]


def _is_given(model: Any, graph: Any, tensor: int) -> bool:
    return tensor < 0 or _constant(model, graph, tensor) is not None


def _loosened(mine: tuple[Any, Any, Any], its: tuple[Any, Any, Any], kept: KeptAxis) -> bool:
    """Whether numbers of one operator were made free.

    Args:
        mine, its: (model, graph, operator) of each file.
    """
    (model, graph, operator), other = mine, its[2]
    kind = litert_sides.kind(model, operator)
    if kind == "RESHAPE":
        _require_same(mine, its, 0, kept)
        shape, others = litert_sides.written(*mine), litert_sides.written(*its)
        if shape is None or others is None or np.array_equal(shape, others):
            return False
        sides = [one.tensors[op.inputs[0]].shape for _, one, op in (mine, its)]
        free = litert_sides.freed((shape, others), (sides[0], sides[1]))
        if free is None:
            both = f"{shape.tolist()} at {kept.largest} and {others.tolist()} at {kept.sizes[0]}"
            raise cannot(kept, f"several sides of a RESHAPE depend on the size, {both}")
        litert_sides.give(model, graph, operator, free)
        return True
    if _options(operator) != _options(other):
        raise cannot(kept, f"the size is written into the options of its {kind}")
    for place in range(len(operator.inputs)):
        _require_same(mine, its, place, kept)
    return False


def _require_same(
    mine: tuple[Any, Any, Any], its: tuple[Any, Any, Any], place: int, kept: KeptAxis
) -> None:
    """Refuse a constant that depends on the size.

    Args:
        mine, its: as `_loosened`. place: among the operator's inputs.
    """
    ours, theirs = mine[2].inputs[place], its[2].inputs[place]
    if ours < 0 or theirs < 0:
        return
    here, there = _constant(*mine[:2], ours), _constant(*its[:2], theirs)
    if (here is None) != (there is None):
        raise cannot(kept, "the converter folds other constants at each size")
    if here is not None and there is not None and here.tobytes() != there.tobytes():
        kind = litert_sides.kind(mine[0], mine[2])
        raise cannot(kept, f"the size is written into its {kind}")


def _options(operator: Any) -> list[Any]:
    """What an operator is told beside its inputs, in a form that can be compared."""
    told = (operator.builtinOptions, operator.builtinOptions2)
    plain = [None if one is None else sorted(_plain(vars(one)).items()) for one in told]
    return [*plain, _listed(operator.customOptions)]


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {name: _listed(value) for name, value in values.items()}


def _listed(value: Any) -> Any:
    if value is None or isinstance(value, int | float | str | bytes | bool):
        return value
    if hasattr(value, "__dict__"):  # a table within a table
        return sorted(_plain(vars(value)).items())
    return [_listed(one) for one in value] if np.ndim(value) else np.asarray(value).item()


def _constant(model: Any, graph: Any, tensor: int) -> np.ndarray | None:
    """uint8[n], the bytes of a constant; None for what is computed."""
    data = model.buffers[graph.tensors[tensor].buffer].data
    return None if data is None or len(data) == 0 else np.frombuffer(bytes(data), np.uint8)


def cannot(kept: KeptAxis, why: str) -> EdgeoptError:
    """What is raised where an axis does not stay open in LiteRT."""
    return EdgeoptError(
        f"its file for LiteRT cannot keep {kept.name} open: {why}.",
        "Leave --open-axis out for LiteRT, with --shape instead.",
    )
