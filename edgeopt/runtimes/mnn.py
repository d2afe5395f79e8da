"""MNN on the CPU: opens .mnn files.

MNN computes in 16-bit floats where precision "low" asks for it and an ARM core has them
(asimdhp), whatever the file holds. A session's shapes are fixed when it is made; models with
control flow, whose shapes are not, are refused.
"""

from __future__ import annotations

import os
import platform
import time
from typing import Any

import numpy as np

from edgeopt.runtimes import profiling
from edgeopt.runtimes.profiling import mnn as profiler
from edgeopt.runtimes.spec import FASTEST_CORES, RuntimeSpec

SPEC = RuntimeSpec(
    name="mnn",
    packages=("mnn",),
    modules=("MNN", "_mnncengine"),
    suffixes=(".mnn",),
    precisions=("fp32", "fp16", "int8-static", "int8-weights"),
    arithmetic={"*": {"precision": "high"}, "fp16": {"precision": "low"}},
    option_sets=(FASTEST_CORES,),
    emulated=True,
    published=("MNN",),
    harmless={"precision": "normal"},
)

#: The option `precision` -> MNN's number: by its name it would print a line for each session.
_PRECISIONS = {"normal": 0, "high": 1, "low": 2}
_BACKENDS = 2  # what `getSessionInfo` is asked
_EXTENSION = 13  # MNN_FORWARD_CPU_EXTENSION: on ARM the backend of half precision
_DTYPES = {
    "float32": "Float", "float64": "Double", "int32": "Int", "int64": "Int64", "uint8": "Uint8",
}  # fmt: skip


def _import() -> Any:
    # Idle threads that spin slow down whatever is measured beside them; read as it is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import MNN

    return MNN


def version() -> str:
    return str(_import().version())


def open_session(path: str, threads: int, options: dict) -> Session:
    """Open a model.

    Args:
        options: `precision` = "normal" (default) | "high" | "low": half precision where the
            core has it.

    Raises:
        ValueError: an unknown option, a value that it does not have, or a file that MNN refuses.
    """
    unknown = set(options) - {"precision"}
    if unknown:
        raise ValueError(f"unknown MNN options {sorted(unknown)}; known: precision")
    asked = options.get("precision", "normal")
    if asked not in _PRECISIONS:
        raise ValueError(f"unknown precision {asked!r}; known: {', '.join(_PRECISIONS)}")
    return Session(path, threads, asked)


class Session:
    def __init__(self, path: str, threads: int, precision: str) -> None:
        self._mnn, self._precision = _import(), precision
        if not os.path.isfile(path):
            raise ValueError(f"there is no file {path}")
        start = time.perf_counter_ns()
        try:
            self._net = self._mnn.Interpreter(path)
        except Exception as error:  # of no class of its own
            raise ValueError(f"MNN refuses {path}; what it says stands above") from error
        loaded = time.perf_counter_ns()
        config = {"numThread": threads, "precision": _PRECISIONS[precision]}
        try:
            self._session = self._net.createSession(config)
        except Exception as error:
            raise ValueError("MNN makes no session of it; what it says stands above") from error
        compile_ns = time.perf_counter_ns() - loaded
        self.stages = {"load_ns": loaded - start, "compile_ns": compile_ns, "why_null": {}}
        ins = self._net.getSessionInputAll(self._session)
        outs = self._net.getSessionOutputAll(self._session)
        self._ins = [_Place(self._mnn, name, ins[name]) for name in sorted(ins)]
        self._outs = [_Place(self._mnn, name, outs[name]) for name in sorted(outs)]
        self.inputs = [place.spec for place in self._ins]
        self.outputs = [place.spec for place in self._outs]
        self._check()

    def _check(self) -> None:
        """Run once: where it cannot compute a shape, MNN says it then.

        Raises:
            ValueError: the session cannot be run.
        """
        self.run([np.zeros(spec["shape"], spec["dtype"]) for spec in self.inputs])

    def run(self, arrays: list) -> list:
        self._feed(arrays)
        code = self._net.runSession(self._session)
        if code:
            raise ValueError(f"MNN cannot run this model (code {code}); what it says stands above")
        return [place.taken() for place in self._outs]

    def _feed(self, arrays: list) -> None:
        for place, array in zip(self._ins, arrays):
            place.give(array)

    def watched(self, arrays: list, begin, end) -> None:
        """Run with a callback before and after each operator: (tensors, operator) -> True."""
        self._feed(arrays)
        self._net.runSessionWithCallBackInfo(self._session, begin, end)

    def facts(self) -> dict:
        """Operators as they run, from an inference on zeros; arithmetic by option and core."""
        profiled = profiler.Profiled(self, self.ran())
        profiled.run([np.zeros(spec["shape"], spec["dtype"]) for spec in self.inputs])
        listed, _ = profiled.finish()
        operators: dict = {}
        precisions: dict = {}
        for about in listed.values():
            operators[about["type"]] = operators.get(about["type"], 0) + 1
            if about["precision"] is not None:  # it computes
                precisions[about["precision"]] = precisions.get(about["precision"], 0) + 1
        return {
            "operators": operators,
            "precisions": precisions,
            "float_asked": "fp16" if self._precision == "low" else "fp32",
            "float_ran": self.ran(),
            "total": len(listed),
            "delegated": None,
            "why_null": {"delegated": "MNN has no delegate"},
            "providers": ["CPU"],
            "options": {
                "precision": self._precision,
                "OMP_WAIT_POLICY": os.environ.get("OMP_WAIT_POLICY", ""),
            },
        }

    def ran(self) -> str:
        """The arithmetic of floats: 16 bits have a backend of their own on ARM, and only there."""
        backend = int(self._net.getSessionInfo(self._session, _BACKENDS))
        arm = platform.machine() in ("aarch64", "arm64")
        return "fp16" if self._precision == "low" and arm and backend == _EXTENSION else "fp32"

    def profile(self, arrays_list: list, runs: int) -> dict:
        """See `runtimes/__init__.py`: callbacks around each operator, in the same session."""
        profiled = profiler.Profiled(self, self.ran())
        return profiling.take(self, profiled, arrays_list, runs, how=profiler.HOW)

    def close(self) -> None:
        self._session = self._net = None
        self._ins, self._outs = [], []


def values(tensor: Any) -> np.ndarray:
    """A copy of what a tensor of floats holds, in the layout of its shape."""
    return _Place(_import(), "", tensor, np.dtype(np.float32)).taken()


def _dtype(name: str, tensor: Any) -> np.dtype:
    try:
        dtype: np.dtype = tensor.getNumpyData().dtype
    except Exception:  # of those that its package does not know, too
        dtype = np.dtype(np.void)
    if dtype.name not in _DTYPES:
        raise ValueError(f"{name!r} is of a type that MNN's package for Python does not show")
    return dtype


class _Place:
    """A tensor of a session, and one of ours through which it is filled and read.

    Args:
        dtype: None: as the tensor says, which holds of inputs and outputs alone.
    """

    def __init__(self, mnn: Any, name: str, tensor: Any, dtype: Any = None) -> None:
        shape, dtype = tuple(tensor.getShape()), dtype or _dtype(name, tensor)
        self._tensor = tensor
        kind = getattr(mnn, f"Halide_Type_{_DTYPES[dtype.name]}")
        zeros = np.zeros(shape, dtype)
        self._own = mnn.Tensor(shape, kind, zeros, mnn.Tensor_DimensionType_Caffe)
        self._array = self._own.getNumpyData()  # a view
        self.spec = {"name": name, "dtype": dtype.name, "shape": [int(size) for size in shape]}

    def give(self, array: np.ndarray) -> None:
        if array.shape != self._array.shape:  # numpy would stretch it
            expected = tuple(self.spec["shape"])
            raise ValueError(f"expected an input of shape {expected}, got {array.shape}")
        np.copyto(self._array, array, casting="no")
        self._tensor.copyFrom(self._own)

    def taken(self) -> np.ndarray:
        self._tensor.copyToHostTensor(self._own)
        return np.array(self._array)
