"""PyTorch in eager mode on the CPU: opens .pt2 exported programs. The source's own answers.

A TorchScript source is opened, too (.pt, as its preparation wrote it with `SPECS` inside).
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

PACKAGES = ("torch",)

#: The file in a prepared TorchScript archive that has its inputs and outputs.
SPECS = "specs.json"

STAGES = {"why_null": {"compile_ns": "eager PyTorch compiles nothing"}}


def version() -> str:
    import torch

    return str(torch.__version__)


def open_session(path: str, threads: int, options: dict) -> Session:
    """Open an exported program, or a prepared TorchScript.

    Raises:
        ValueError: any option: there are none.
    """
    if options:
        raise ValueError(f"unknown PyTorch options {sorted(options)}; it has none")
    import torch

    torch.set_num_threads(threads)
    return Script(path) if path.endswith(".pt") else Session(path)


class Session:
    def __init__(self, path: str) -> None:
        import torch

        self.stages = STAGES
        self._torch = torch
        program = torch.export.load(path)
        signature, (args, kwargs) = program.graph_signature, program.example_inputs
        if kwargs:
            raise ValueError(
                "the exported program takes keyword arguments; export it with positional ones"
            )
        self._module: Any = program.module()
        self._operators = _operators(program.graph)
        self.inputs = [
            {"name": n, "dtype": str(a.dtype).split(".")[-1], "shape": list(a.shape)}
            for n, a in zip(signature.user_inputs, args)
        ]
        by_name = {node.name: node for node in program.graph.nodes}
        self.outputs = [_out_spec(name, by_name) for name in signature.user_outputs]

    def run(self, arrays: list) -> list:
        with self._torch.inference_mode():
            tensors = [self._torch.from_numpy(np.ascontiguousarray(a)) for a in arrays]
            result = self._module(*tensors)
        return [np.array(t.numpy()) for t in flat(result)]

    def facts(self) -> dict:
        return {
            "operators": self._operators,
            "precisions": {"fp32": 1},
            "total": sum(self._operators.values()),
            "delegated": None,
            "why_null": {"delegated": "eager PyTorch has no delegate"},
            "providers": ["eager CPU"],
            "options": {},
        }

    def profile(self, arrays_list: list, runs: int) -> dict:
        """Raises ValueError: it gives the source's answers and is never timed."""
        raise ValueError("PyTorch gives the source's answers here; it is not profiled")

    def close(self) -> None:
        self._module = None


class Script(Session):
    """TorchScript does not state shapes: they are in a file of the archive."""

    def __init__(self, path: str) -> None:
        import torch

        self.stages = STAGES
        self._torch = torch
        inside = {SPECS: ""}
        self._module = torch.jit.load(path, map_location="cpu", _extra_files=inside)
        specs = json.loads(inside[SPECS])
        self.inputs, self.outputs = specs["inputs"], specs["outputs"]
        self._operators: dict = {}
        for node in self._module.inlined_graph.nodes():
            if node.kind().startswith("aten::"):
                self._operators[node.kind()] = self._operators.get(node.kind(), 0) + 1


def _operators(graph) -> dict:
    counts: dict = {}
    for node in graph.nodes:
        if node.op == "call_function":
            name = str(node.target)
            counts[name] = counts.get(name, 0) + 1
    return counts


def _out_spec(name: str, by_name: dict) -> dict:
    value = by_name[name].meta["val"]
    return {
        "name": name,
        "dtype": str(value.dtype).split(".")[-1],
        "shape": [d if isinstance(d, int) else None for d in value.shape],
    }


def flat(result) -> list:
    """Every tensor of a result, in order: of its tuples, lists and dicts."""
    if isinstance(result, (list, tuple)):
        return [t for item in result for t in flat(item)]
    if isinstance(result, dict):
        return [t for item in result.values() for t in flat(item)]
    return [result]
