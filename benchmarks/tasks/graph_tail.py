"""The tail of a graph, run in numpy: what a model that ends before its decode is followed by.

A program is its constants by name, and `inputs`, `outputs` and `steps`, each with `operator`,
`inputs`, `outputs` and `attributes`. `cut_tail.py` makes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from benchmarks.tasks.graph_operators import OPERATORS, NoNumpy


class GraphTail:
    """A program that is read.

    Attributes:
        inputs: names of the tensors that it takes. outputs: of those that it gives.

    Raises:
        NoNumpy: it has an operator that is not known here.
    """

    def __init__(self, described: Mapping[str, Any], constants: Mapping[str, Any]) -> None:
        self.inputs: tuple[str, ...] = tuple(described["inputs"])
        self.outputs: tuple[str, ...] = tuple(described["outputs"])
        self._steps: list[dict[str, Any]] = list(described["steps"])
        self._constants = dict(constants)
        unknown = sorted({step["operator"] for step in self._steps} - OPERATORS.keys())
        if unknown:
            raise NoNumpy(f"numpy has no {', '.join(unknown)} here")

    def run(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """What the graph would answer, {output: array}.

        Args:
            given: {input: array}, in the graph's own layout.
        """
        known: dict[str, Any] = {**self._constants, **given}
        for step in self._steps:
            inputs = [known[name] if name else None for name in step["inputs"]]
            with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
                made = OPERATORS[step["operator"]](step["attributes"], inputs)
            known.update(zip(step["outputs"], made, strict=False))
        return {name: known[name] for name in self.outputs}
