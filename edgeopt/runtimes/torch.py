"""PyTorch in eager mode on the CPU: opens .pt2 exported programs. The source's own answers.

A TorchScript source is opened, too (.pt, as its preparation wrote it with `SPECS` inside): a
program, like a .pt2 file that holds more than data, so it is opened where `trust` says so.
"""

from __future__ import annotations

import importlib
import json
from typing import Any

import numpy as np

from edgeopt.runtimes import exported
from edgeopt.runtimes.spec import RuntimeSpec

#: The options under which a file is opened whose code may run: the user's word, or written here.
TRUSTED = {"trust": "yes"}

SPEC = RuntimeSpec(
    name="torch",
    packages=("torch",),
    suffixes=(".pt2",),
    program=True,
    trusting=TRUSTED,
    no_profiler="PyTorch gives the source's answers here; it is not profiled",
)

#: The file in a prepared TorchScript archive that has its inputs and outputs.
SPECS = "specs.json"

#: What is told of the time that loading takes. The check reads the file, so that it cannot be left
#: out of a load from a cold disk.
STAGES = {
    "why_null": {
        "compile_ns": "eager PyTorch compiles nothing; loading includes the check of a .pt2, and "
        "the copy that PyTorch reads instead of it"
    }
}


def version() -> str:
    import torch

    return str(torch.__version__)


def ahead() -> None:
    """Reading an exported program imports as much again as PyTorch itself."""
    importlib.import_module(exported.READER)


def open_session(path: str, threads: int, options: dict) -> Session:
    """Open an exported program, or a prepared TorchScript.

    Args:
        options: `trust` = "yes": code inside the file may run.

    Raises:
        ValueError: any other option; more than data in a file that is not trusted; it is damaged.
    """
    if options and options != TRUSTED:
        raise ValueError(f"unknown PyTorch options {sorted(options)}; known: trust")
    import torch

    torch.set_num_threads(threads)
    if path.endswith(".pt"):
        if not options:
            raise exported.NeedsTrust("it is TorchScript, a program")
        return Script(path)
    return Session(path, bool(options))


class Session:
    def __init__(self, path: str, trusted: bool = False) -> None:
        import torch

        self.stages = STAGES
        self._torch = torch
        program = exported.load(path, trusted)
        signature = program.graph_signature
        if program.call_spec.in_spec.children()[1].children():
            raise ValueError(
                "the exported program takes keyword arguments; export it with positional ones"
            )
        self._module: Any = program.module()
        self._operators = _operators(program.graph)
        by_name = {node.name: node for node in program.graph.nodes}
        self.inputs = [_in_spec(name, by_name) for name in signature.user_inputs]
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
        raise ValueError(SPEC.no_profiler)

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


def _in_spec(name, by_name: dict) -> dict:
    """An input; where its size is open, as large as the one that it was exported with."""
    value: Any = getattr(by_name.get(name), "meta", {}).get("val")
    if not hasattr(value, "dtype"):
        raise ValueError(f"its input {name!r} is no tensor; export it with tensors only")
    shape = [d if isinstance(d, int) else d.node.hint for d in value.shape]
    return {"name": name, "dtype": str(value.dtype).split(".")[-1], "shape": shape}


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
