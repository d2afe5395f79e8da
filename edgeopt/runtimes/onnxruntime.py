"""ONNX Runtime on the CPU: opens .onnx files."""

from __future__ import annotations

import json
import os
import tempfile

import numpy as np

from edgeopt.runtimes import profiling
from edgeopt.runtimes.profiling import onnxruntime as profiler

PACKAGES = ("onnxruntime",)

_DTYPES = {
    "tensor(float)": "float32",
    "tensor(float16)": "float16",
    "tensor(double)": "float64",
    "tensor(int64)": "int64",
    "tensor(int32)": "int32",
    "tensor(int16)": "int16",
    "tensor(int8)": "int8",
    "tensor(uint8)": "uint8",
    "tensor(bool)": "bool",
}
#: The option `provider` -> ONNX Runtime's names; what the first does not take, the last does.
_PROVIDERS = {
    "CPU": ["CPUExecutionProvider"],
    "XNNPACK": ["XnnpackExecutionProvider", "CPUExecutionProvider"],
}
_COMPUTE = ("Conv", "MatMul", "Gemm", "LSTM", "GRU", "RNN", "Attention")


def version() -> str:
    import onnxruntime

    return str(onnxruntime.__version__)


def open_session(path: str, threads: int, options: dict) -> Session:
    """Open a model.

    Args:
        options: `graph_optimization` = "disabled" | "basic" | "extended" | "all" (default);
            `provider` = "CPU" (default) | "XNNPACK", which few packages have.

    Raises:
        ValueError: an unknown option, a value that it does not have, or a provider that is not
            in this package.
    """
    return Session(path, threads, options)


def _session(path: str, threads: int, options: dict, profile: str = ""):
    import onnxruntime as ort

    levels = {
        "disabled": ort.GraphOptimizationLevel.ORT_DISABLE_ALL,
        "basic": ort.GraphOptimizationLevel.ORT_ENABLE_BASIC,
        "extended": ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED,
        "all": ort.GraphOptimizationLevel.ORT_ENABLE_ALL,
    }
    unknown = set(options) - {"graph_optimization", "provider"}
    if unknown:
        raise ValueError(
            f"unknown ONNX Runtime options {sorted(unknown)}; known: graph_optimization, provider"
        )
    level = options.get("graph_optimization", "all")
    if level not in levels:
        raise ValueError(f"unknown graph_optimization {level!r}; known: {', '.join(levels)}")
    settings = ort.SessionOptions()
    settings.intra_op_num_threads = threads
    settings.inter_op_num_threads = 1
    settings.graph_optimization_level = levels[level]
    # Idle threads that spin slow down whatever is measured beside them.
    settings.add_session_config_entry("session.intra_op.allow_spinning", "0")
    settings.log_severity_level = 3
    if profile:
        settings.enable_profiling = True
        settings.profile_file_prefix = profile
    providers = _providers(ort.get_available_providers(), options.get("provider", "CPU"))
    if providers[0] != "CPUExecutionProvider":  # it has threads of its own; the others then idle
        settings.intra_op_num_threads = 1
        own = [{"intra_op_num_threads": str(threads)}, {}]
        return ort.InferenceSession(path, settings, providers=providers, provider_options=own)
    return ort.InferenceSession(path, settings, providers=providers)


def _providers(there, name) -> list:
    """The providers of an option's value, where this package has them."""
    if name not in _PROVIDERS:
        raise ValueError(f"unknown provider {name!r}; known: {', '.join(_PROVIDERS)}")
    if _PROVIDERS[name][0] not in there:
        raise ValueError(
            f"this ONNX Runtime package has no {name} provider, only {', '.join(there)}"
        )
    return _PROVIDERS[name]


def _spec(value) -> dict:
    if value.type not in _DTYPES:
        raise ValueError(f"{value.name!r} is a {value.type}; only plain tensors can be measured")
    return {"name": value.name, "dtype": _DTYPES[value.type], "shape": list(value.shape)}


class Session:
    def __init__(self, path: str, threads: int, options: dict) -> None:
        self._path, self._threads, self._options = path, threads, options
        self._session = _session(path, threads, options)
        self.inputs = [_spec(value) for value in self._session.get_inputs()]
        self.outputs = [_spec(value) for value in self._session.get_outputs()]
        self._names = [spec["name"] for spec in self.inputs]

    def run(self, arrays: list) -> list:
        return self._session.run(None, dict(zip(self._names, arrays)))

    def facts(self) -> dict:
        """Operators and precision from one profiled inference on zeros (a session of its own)."""
        with tempfile.TemporaryDirectory() as folder:
            session = _session(self._path, self._threads, self._options, os.path.join(folder, "p"))
            zeros = [np.zeros(s["shape"], s["dtype"]) for s in self.inputs]
            session.run(None, dict(zip(self._names, zeros)))
            with open(session.end_profiling(), encoding="utf-8") as file:
                (events,) = profiler.by_run(json.load(file))
        kernels = [event["args"] for event in events]
        wanted = _PROVIDERS[self._options.get("provider", "CPU")][0]
        operators: dict = {}
        precisions: dict = {}
        for args in kernels:
            name = args.get("op_name", "?")
            operators[name] = operators.get(name, 0) + 1
            if name.startswith("FusedConv") or any(word in name for word in _COMPUTE):
                kind = profiler.arithmetic(name, args.get("input_type_shape", [])) or "?"
                precisions[kind] = precisions.get(kind, 0) + 1
        return {
            "operators": operators,
            "precisions": precisions,
            "total": len(kernels),
            "delegated": sum(args.get("provider") == wanted for args in kernels),
            "providers": sorted({args.get("provider", "?") for args in kernels}),
            "options": {
                "graph_optimization": self._options.get("graph_optimization", "all"),
                "intra_op_spinning": "0",
            },
        }

    def profile(self, arrays_list: list, runs: int) -> dict:
        """See `runtimes/__init__.py`: another session, with the profiler on."""
        with tempfile.TemporaryDirectory() as folder:
            session = _session(self._path, self._threads, self._options, os.path.join(folder, "p"))
            return profiling.take(
                self,
                profiler.Profiled(session, self._names),
                arrays_list,
                runs,
                how=profiler.HOW,
            )

    def close(self) -> None:
        self._session = None
