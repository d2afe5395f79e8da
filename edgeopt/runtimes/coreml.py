"""Core ML: opens .mlpackage folders. It runs on Apple machines; elsewhere a package can be read.

Nothing was run by it yet: no Apple machine was at hand. What reads a package was tried on Linux.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import numpy as np

from edgeopt.runtimes.spec import RuntimeSpec

SPEC = RuntimeSpec(
    name="coreml",
    packages=("coremltools",),
    suffixes=(".mlpackage",),
    precisions=("fp32", "fp16", "int8-weights"),
    elsewhere=(
        "Core ML runs on Apple machines only, so it is converted and neither scored nor timed",
        "Score and time it on a Mac or a phone before it ships: coremltools predicts there, and "
        "Xcode measures.",
    ),
    no_profiler="Core ML's profiler is a part of Xcode; Python does not reach it",
)

_DTYPES = {65552: "float16", 65568: "float32", 65600: "float64", 131104: "int32"}
_BITS = {10: "float16", 11: "float32", 12: "float64", 23: "int32"}  # MIL's numbers of types


def version() -> str:
    import coremltools

    return str(coremltools.__version__)


def open_session(path: str, threads: int, options: dict) -> Session:
    """Open a package; `threads` are Core ML's own affair.

    Raises:
        ValueError: any option: there are none; it is no package.
    """
    if options:
        raise ValueError(f"unknown Core ML options {sorted(options)}; it has none")
    if not os.path.isfile(os.path.join(path, "Manifest.json")):
        raise ValueError(f"{path} is no Core ML package: there is no Manifest.json in it")
    return Session(path)


class Session:
    def __init__(self, path: str) -> None:
        import coremltools

        here = sys.platform == "darwin"
        self._model: Any = coremltools.models.MLModel(path, skip_model_load=not here)
        spec = self._model.get_spec()
        self._program = spec.mlProgram.functions["main"]
        self._block = self._program.block_specializations[self._program.opset]
        shapes = _shapes(self._block)
        self.inputs = [_described(port) for port in spec.description.input]
        self.outputs = [_described(port, *shapes[port.name]) for port in spec.description.output]

    def run(self, arrays: list) -> list:
        if sys.platform != "darwin":
            raise RuntimeError("Core ML runs on Apple machines only")
        fed = {spec["name"]: array for spec, array in zip(self.inputs, arrays)}
        results = self._model.predict(fed)
        return [np.array(results[spec["name"]]) for spec in self.outputs]

    def facts(self) -> dict:
        """The operations of the package; where they run, Core ML decides when it loads it."""
        operators: dict = {}
        for operation in self._block.operations:
            if operation.type != "const":
                operators[operation.type] = operators.get(operation.type, 0) + 1
        why = "Core ML decides where and in which precision when it loads a model"
        return {
            "operators": operators,
            "precisions": {},
            "total": sum(operators.values()),
            "delegated": None,
            "providers": ["Core ML"],
            "options": {},
            "why_null": {"precisions": why, "delegated": why},
        }

    def profile(self, arrays_list: list, runs: int) -> dict:
        """Raises ValueError: Core ML's profiler is a part of Xcode."""
        raise ValueError(SPEC.no_profiler)

    def close(self) -> None:
        self._model = None


def _described(port, dtype: str = "", shape: tuple = ()) -> dict:
    """An output states no shape of its own: its operation's is given."""
    array = port.type.multiArrayType
    return {
        "name": port.name,
        "dtype": _DTYPES.get(array.dataType, dtype),
        "shape": [int(size) for size in array.shape] or list(shape),
    }


def _shapes(block) -> dict:
    """Value -> (element type, shape) of what the operations make."""
    found = {}
    for operation in block.operations:
        for value in operation.outputs:
            tensor = value.type.tensorType
            sizes = [dim.constant.size if dim.HasField("constant") else None
                     for dim in tensor.dimensions]  # fmt: skip
            found[value.name] = (_BITS.get(tensor.dataType, "?"), tuple(sizes))
    return found
