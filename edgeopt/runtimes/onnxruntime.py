"""ONNX Runtime on the CPU: opens .onnx files."""

from __future__ import annotations

import json
import os
import tempfile

import numpy as np

from edgeopt.runtimes import fixed_shapes, onnx_dimensions, profiling
from edgeopt.runtimes.profiling import onnxruntime as profiler
from edgeopt.runtimes.spec import FASTEST_CORES, OptionSet, Provider, RuntimeSpec

_XNNPACK = "XNNPACK's kernels in place of ONNX Runtime's own"

SPEC = RuntimeSpec(
    name="onnxruntime",
    packages=("onnxruntime",),
    suffixes=(".onnx",),
    precisions=("fp32", "fp16", "int8-static", "int8-dynamic", "int8-weights", "as-is"),
    option_sets=(
        OptionSet(
            options={"spinning": "during-run"},
            why="threads that keep their core between operators start the next one sooner",
            least_threads=2,
        ),
        OptionSet(
            options={"graph_optimization": "extended"},
            why="without the layouts of the last level, whose reorders can cost more than they win",
        ),
        FASTEST_CORES,
    ),
    provider_option="provider",
    # Where the package was built with it; the one for x86-64 on PyPI is not (1.31).
    providers=(Provider("XNNPACK", {"fp32": _XNNPACK, "int8-static": _XNNPACK}),),
    takes_shapes=True,
    open_axes=True,
    emulated=True,
    published=("ONNX Runtime",),
    baseline=1,
    harmless={"graph_optimization": "disabled"},
)

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
CPU = "CPUExecutionProvider"
#: The option `provider` -> ONNX Runtime's own name.
_PROVIDERS = {"CPU": CPU, "XNNPACK": "XnnpackExecutionProvider"}
_COMPUTE = ("Conv", "MatMul", "Gemm", "LSTM", "GRU", "RNN", "Attention")


def version() -> str:
    import onnxruntime

    return str(onnxruntime.__version__)


def providers() -> list:
    """Those of the option `provider` that this package was built with, beside the CPU's own."""
    import onnxruntime

    there = onnxruntime.get_available_providers()
    return [name for name, own in _PROVIDERS.items() if own != CPU and own in there]


def version_with(provider: str) -> str:
    """The version of an ONNX Runtime that has a provider. Raises ImportError where it has not."""
    import onnxruntime

    there = onnxruntime.get_available_providers()
    if provider not in there:
        raise ImportError(f"this ONNX Runtime has no {provider}; it has {', '.join(there)}")
    return version()


def open_session(path: str, threads: int, options: dict) -> Session:
    """Open a model.

    Args:
        options: `graph_optimization` = "disabled" | "basic" | "extended" | "all" (default);
            `spinning` = "off" (default) | "during-run" | "always": whether threads that wait
            for work keep their core. "always" slows down whatever runs beside it;
            `provider` = "CPU" (default) | "XNNPACK", which few packages have;
            `shapes`: see `fixed_shapes`.

    Raises:
        ValueError: an unknown option, a value that it does not have, or a provider that is not
            in this package.
    """
    asked, _ = fixed_shapes.split(options)
    provider, own = _provider(_asked(asked)["provider"], threads)
    return Session(path, threads, options, provider, own)


#: Option -> its values, the default first.
_OPTIONS = {
    "graph_optimization": ("all", "extended", "basic", "disabled"),
    "spinning": ("off", "during-run", "always"),
    "provider": ("CPU", "XNNPACK"),
}


def _asked(options: dict) -> dict:
    """Every option with its value.

    Raises:
        ValueError: an unknown option, or a value that it does not have.
    """
    unknown = set(options) - set(_OPTIONS)
    if unknown:
        raise ValueError(
            f"unknown ONNX Runtime options {sorted(unknown)}; known: {', '.join(_OPTIONS)}"
        )
    asked = {name: options.get(name, values[0]) for name, values in _OPTIONS.items()}
    for name, value in asked.items():
        if value not in _OPTIONS[name]:
            raise ValueError(f"unknown {name} {value!r}; known: {', '.join(_OPTIONS[name])}")
    return asked


def _settings(threads: int, options: dict):
    import onnxruntime as ort

    asked = _asked(options)
    settings = ort.SessionOptions()
    # XNNPACK has threads of its own; the others would idle beside them.
    settings.intra_op_num_threads = threads if asked["provider"] == "CPU" else 1
    settings.inter_op_num_threads = 1
    settings.graph_optimization_level = {
        "disabled": ort.GraphOptimizationLevel.ORT_DISABLE_ALL,
        "basic": ort.GraphOptimizationLevel.ORT_ENABLE_BASIC,
        "extended": ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED,
        "all": ort.GraphOptimizationLevel.ORT_ENABLE_ALL,
    }[asked["graph_optimization"]]
    # Idle threads that spin slow down whatever is measured beside them.
    spins = asked["spinning"] != "off"
    settings.add_session_config_entry("session.intra_op.allow_spinning", str(int(spins)))
    if asked["spinning"] == "during-run":
        settings.add_session_config_entry("session.force_spinning_stop", "1")
    settings.log_severity_level = 3
    return settings


def _session(path: str, threads: int, options: dict, provider: tuple, profile: str = "", dims=None):
    import onnxruntime as ort

    settings = _settings(threads, options)
    for name, size in (dims or {}).items():
        settings.add_free_dimension_override_by_name(name, size)
    if profile:
        settings.enable_profiling = True
        settings.profile_file_prefix = profile
    # What a provider does not take goes to the processor, and shows in the facts.
    providers = [provider] if provider[0] == CPU else [provider, (CPU, {})]
    return ort.InferenceSession(path, settings, providers=providers)


def _provider(name: str, threads: int) -> tuple:
    """The provider of an option's value, and its own options.

    Raises:
        ValueError: this package has none of that name.
    """
    import onnxruntime as ort

    there = ort.get_available_providers()
    if _PROVIDERS[name] not in there:
        raise ValueError(
            f"this ONNX Runtime package has no {name} provider, only {', '.join(there)}"
        )
    return _PROVIDERS[name], {} if name == "CPU" else {"intra_op_num_threads": str(threads)}


def _spec(value) -> dict:
    if value.type not in _DTYPES:
        raise ValueError(f"{value.name!r} is a {value.type}; only plain tensors can be measured")
    return {"name": value.name, "dtype": _DTYPES[value.type], "shape": list(value.shape)}


class Session:
    def __init__(
        self,
        path: str,
        threads: int,
        options: dict,
        provider: str = CPU,
        provider_options: dict | None = None,
    ) -> None:
        options, self._fixed = fixed_shapes.split(options)
        self._path, self._threads, self._options = path, threads, options
        self._provider = (provider, provider_options or {})
        names = onnx_dimensions.dimensions(path) if self._fixed else {}
        self._dims = fixed_shapes.symbols(names, self._fixed)
        self._session = _session(path, threads, options, self._provider, dims=self._dims)
        self.inputs = fixed_shapes.fixed(
            [_spec(value) for value in self._session.get_inputs()], self._fixed
        )
        self.outputs = [_spec(value) for value in self._session.get_outputs()]
        self._names = [spec["name"] for spec in self.inputs]
        dims = [dim for spec in self.inputs for dim in spec["shape"]]
        self._open = not all(isinstance(dim, int) for dim in dims)
        self._ran: list = []

    def run(self, arrays: list) -> list:
        if self._open:  # the facts are those of a run at such sizes
            self._ran = arrays
        return self._session.run(None, dict(zip(self._names, arrays)))

    def facts(self) -> dict:
        """Operators and precision from one profiled inference on zeros (a session of its own)."""
        with tempfile.TemporaryDirectory() as folder:
            session = self._profiled(folder)
            zeros = [np.zeros_like(array) for array in self._ran] or [
                np.zeros([d if isinstance(d, int) else 1 for d in s["shape"]], s["dtype"])
                for s in self.inputs
            ]
            session.run(None, dict(zip(self._names, zeros)))
            with open(session.end_profiling(), encoding="utf-8") as file:
                (events,) = profiler.by_run(json.load(file))
        kernels = [event["args"] for event in events]
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
            "delegated": sum(args.get("provider") == self._provider[0] for args in kernels),
            "providers": sorted({args.get("provider", "?") for args in kernels}),
            "options": {
                **{k: v for k, v in _asked(self._options).items() if k != "provider"},
                **({fixed_shapes.OPTION: fixed_shapes.option(self._fixed)} if self._fixed else {}),
            },
        }

    def profile(self, arrays_list: list, runs: int) -> dict:
        """See `runtimes/__init__.py`: another session, with the profiler on."""
        with tempfile.TemporaryDirectory() as folder:
            session = self._profiled(folder)
            return profiling.take(
                self,
                profiler.Profiled(session, self._names),
                arrays_list,
                runs,
                how=profiler.HOW,
            )

    def _profiled(self, folder: str):
        prefix = os.path.join(folder, "p")
        given = (self._path, self._threads, self._options, self._provider, prefix)
        return _session(*given, dims=self._dims)

    def close(self) -> None:
        self._session = None
