"""Names that a user knows for operators whose runtime's own names are a converter's."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from edgeopt.domain.layers import Operator
from edgeopt.sources.source import Source


def labelled(operators: Sequence[Operator], source: Source) -> tuple[Operator, ...]:
    """Operators that compute with the names of their weights in the source's ONNX form.

    They are taken one by one in the order of execution, if both have as many; else they keep
    their labels.
    """
    names = _weights(source)
    if len(names) != sum(op.computes for op in operators):
        return tuple(operators)
    found = iter(names)
    return tuple(
        msgspec.structs.replace(op, label=next(found)) if op.computes else op for op in operators
    )


def _weights(source: Source) -> list[str]:
    if source.onnx is None:
        return []
    from pathlib import Path

    from edgeopt.convert.onnx_graph import Graph

    return [op.label for op in Graph(Path(source.onnx)).operators() if op.computes]
