"""OpenVINO: opens .xml files (and .onnx, .tflite, which it reads itself)."""

from __future__ import annotations

import glob
import os
import time

import numpy as np

from edgeopt.runtimes import fixed_shapes, profiling
from edgeopt.runtimes.profiling import openvino as profiler
from edgeopt.runtimes.spec import FASTEST_CORES, OptionSet, Provider, RuntimeSpec

_INTEGERS = ("int8-static", "int8-dynamic", "int8-weights")
_HALF = {
    "fp16": "half precision, which it computes in by itself",
    "int8-static": "its integer arithmetic; what stays float runs in half precision",
}


def _hint(floats: str, **others: int) -> dict:
    return {"INFERENCE_PRECISION_HINT": floats, **others}


SPEC = RuntimeSpec(
    name="openvino",
    packages=("openvino",),
    suffixes=(".xml",),
    weights=".bin",
    precisions=("fp32", "fp16", "bf16", *_INTEGERS, "as-is"),
    # Without the hint a processor with bfloat16 computes everything in it; without the groups
    # activations beside compressed weights are quantized at run time, by 32 (2026.4).
    arithmetic={
        "*": _hint("f32"),
        "fp16": _hint("f16"),
        "bf16": _hint("bf16"),
        "int8-dynamic": _hint("f32", DYNAMIC_QUANTIZATION_GROUP_SIZE=32),
        "int8-weights": _hint("f32", DYNAMIC_QUANTIZATION_GROUP_SIZE=0),
    },
    option_sets=(
        OptionSet(
            options=_hint("bf16"),
            why="what is not quantized runs in bfloat16 instead of f32",
            precisions=_INTEGERS,
            needs_any=("amx_bf16", "avx512_bf16"),
        ),
        OptionSet(
            options=_hint("f16"),
            why="what is not quantized runs in half precision instead of f32",
            precisions=_INTEGERS,
            needs_any=("avx512_fp16", "asimdhp"),
        ),
        OptionSet(
            options={"ENABLE_CPU_PINNING": "NO"},
            why="threads that may move get out of the way of other programs",
        ),
        FASTEST_CORES,
    ),
    provider_option="DEVICE",
    # Where it sees a GPU or an NPU of Intel.
    providers=(
        Provider("GPU", _HALF, _hint("f16"), threaded=False),
        Provider("NPU", _HALF, _hint("f16"), threaded=False),
    ),
    takes_shapes=True,
    open_axes=True,
    emulated=True,
    published=("OpenVINO",),
    baseline=3,
    harmless={"EXECUTION_MODE_HINT": "ACCURACY"},
)

#: Files of Linux by which a GPU (of Intel, or of Windows around it) or an NPU is reached.
_NODES = ("/dev/dri/renderD*", "/dev/dxg", "/dev/accel/accel*")

_OPTIONS = (
    "INFERENCE_PRECISION_HINT",
    "DYNAMIC_QUANTIZATION_GROUP_SIZE",
    "EXECUTION_MODE_HINT",
    "ENABLE_CPU_PINNING",
    "ENABLE_HYPER_THREADING",
    "DEVICE",
)
_COMPUTE = ("Convolution", "FullyConnected", "MatMul", "GroupConvolution", "RNNSeq", "RNNCell")


def _import():
    os.environ.setdefault("TF_BUILD", "1")  # its telemetry is off in builds, and not otherwise
    import openvino

    return openvino


def version() -> str:
    return str(_import().__version__).split("-")[0]


def providers() -> list:
    """GPU and NPU, as far as OpenVINO sees them; not imported where there can be none."""
    if not any(glob.glob(pattern) for pattern in _NODES):
        return []
    kinds = {name.partition(".")[0] for name in _import().Core().available_devices}
    return sorted(kinds & {provider.name for provider in SPEC.providers})


def open_session(path: str, threads: int, options: dict) -> Session:
    """Open a model for latency: one stream, `threads` threads.

    Args:
        options: OpenVINO properties, of `INFERENCE_PRECISION_HINT`,
            `DYNAMIC_QUANTIZATION_GROUP_SIZE`, `EXECUTION_MODE_HINT`, `ENABLE_CPU_PINNING`
            and `ENABLE_HYPER_THREADING`; `DEVICE`: "CPU" (default), "GPU" or "NPU", which take
            no number of threads. Those two were not tried: no machine with them was at hand.
            `shapes`: see `fixed_shapes`.

    Raises:
        ValueError: an unknown option, or a device that OpenVINO does not see.
    """
    return Session(path, threads, options)


class Session:
    def __init__(self, path: str, threads: int, options: dict) -> None:
        options, self._fixed = fixed_shapes.split(options)
        unknown = set(options) - set(_OPTIONS)
        if unknown:
            raise ValueError(f"unknown OpenVINO options {sorted(unknown)}; known: {_OPTIONS}")
        self._path, core = path, _import().Core()
        properties = {key: str(value) for key, value in options.items()}
        self._device = _seen(core, properties.pop("DEVICE", "CPU"))
        settings = {"PERFORMANCE_HINT": "LATENCY", **properties}
        if self._device == "CPU":
            settings.update(NUM_STREAMS="1", INFERENCE_NUM_THREADS=str(threads))
        start = time.perf_counter_ns()
        model = core.read_model(path)
        if self._fixed:
            model.reshape(self._fixed)
        loaded = time.perf_counter_ns()
        self._compiled = core.compile_model(model, self._device, settings)
        compile_ns = time.perf_counter_ns() - loaded
        self.stages = {"load_ns": loaded - start, "compile_ns": compile_ns, "why_null": {}}
        self._request = self._compiled.create_infer_request()
        self._infer = _infer(self._request)
        self.inputs = [_spec(port) for port in self._compiled.inputs]
        self.outputs = [_spec(port) for port in self._compiled.outputs]
        # Before the inputs' buffers are asked for: an output that is an input moves its buffer.
        self._results = [self._bound(i) for i in range(len(self.outputs))]
        # The request's own buffers: with arrays as arguments, infer() spends 0.1 ms in Python.
        ports = self._compiled.inputs
        self._open = not all(port.get_partial_shape().is_static for port in ports)
        count = 0 if self._open else len(ports)  # of an open one the arrays that come tell
        self._places = [self._request.get_input_tensor(i).data for i in range(count)]
        self._asked = settings

    def _bound(self, index: int):
        """A function to the array of an output after a run; asking for it takes some us."""
        request, port = self._request, self._compiled.outputs[index]
        if not port.get_partial_shape().is_static:
            return lambda: request.get_output_tensor(index).data
        tensor = _import().Tensor(port.get_element_type(), port.get_shape())
        request.set_output_tensor(index, tensor)
        array = tensor.data
        return lambda: array

    def _fit(self, arrays: list) -> None:
        """Buffers for arrays of these shapes, where those of the run before were others."""
        if [place.shape for place in self._places] == [array.shape for array in arrays]:
            return
        tensors = []
        for i, array in enumerate(arrays):
            port = self._compiled.inputs[i]
            tensors.append(_import().Tensor(port.get_element_type(), list(array.shape)))
            self._request.set_input_tensor(i, tensors[-1])
        self._places = [tensor.data for tensor in tensors]

    def run(self, arrays: list) -> list:
        if self._open:
            self._fit(arrays)
        for place, array in zip(self._places, arrays):
            if array.shape != place.shape:  # numpy would stretch it
                raise ValueError(f"expected an input of shape {place.shape}, got {array.shape}")
            np.copyto(place, array, casting="no")
        self._infer()  # start_async() wakes a thread: 20 to 40 us more
        return [np.array(result()) for result in self._results]

    def facts(self) -> dict:
        """Operators and precisions from the executed graph (`get_runtime_model`)."""
        operators: dict = {}
        precisions: dict = {}
        reference, dynamic = 0, profiler.quantizes(self._compiled)
        for node in self._compiled.get_runtime_model().get_ops():
            info = node.get_rt_info()
            kind = profiler.text(info, "layerType")
            if not kind or kind in profiler.IDLE:
                continue
            operators[kind] = operators.get(kind, 0) + 1
            reference += profiler.is_reference(profiler.text(info, "primitiveType"))
            if kind in _COMPUTE:
                ran = profiler.arithmetic(info, dynamic) or "?"
                precisions[ran] = precisions.get(ran, 0) + 1
        # Threads are told apart; the same account holds for every number of them.
        options = {k: v for k, v in self._asked.items() if k != "INFERENCE_NUM_THREADS"}
        told = _type_name(self._compiled.get_property("INFERENCE_PRECISION_HINT"))
        options["INFERENCE_PRECISION_HINT"] = told
        if self._fixed:
            options[fixed_shapes.OPTION] = fixed_shapes.option(self._fixed)
        return {
            "operators": operators,
            "precisions": precisions,
            "float_asked": _float(self._asked.get("INFERENCE_PRECISION_HINT")),
            "float_ran": _float(told),
            "total": sum(operators.values()),
            "delegated": sum(operators.values()) - reference,
            "providers": list(self._compiled.get_property("EXECUTION_DEVICES")),
            "options": options,
        }

    def profile(self, arrays_list: list, runs: int) -> dict:
        """See `runtimes/__init__.py`: a model compiled again, with performance counters."""
        settings = {**self._asked, "PERF_COUNT": "YES"}
        core = _import().Core()
        model = core.read_model(self._path)
        if self._fixed:
            model.reshape(self._fixed)
        compiled = core.compile_model(model, self._device, settings)
        return profiling.take(
            self, profiler.Profiled(compiled), arrays_list, runs, how=profiler.HOW
        )

    def close(self) -> None:
        self._request = self._compiled = self._infer = None


def _infer(request):
    """`request.infer()` on its own buffers, without looking at arguments that are not there.

    The method of its class in Python takes 4 us for that; the one below takes the inputs (none),
    whether outputs are shared and whether strings are decoded.
    """
    below = super(_import().InferRequest, request).infer
    return lambda: below({}, True, False)


def _seen(core, device: str) -> str:
    """A device that OpenVINO sees; "GPU" stands for "GPU.0" and those after it, too."""
    names = list(core.available_devices)
    if device not in {name.partition(".")[0] for name in names} | set(names):
        raise ValueError(f"OpenVINO sees no {device} here, only {', '.join(names)}")
    return device


def _float(hint):
    """A hint in the words of `precisions`; None where it names no type ("dynamic")."""
    return profiling.PRECISIONS.get(str(hint).lower())


def _type_name(value) -> str:
    name = getattr(value, "get_type_name", None)
    return name() if name else str(value)


def _spec(port) -> dict:
    names = port.get_names()
    partial = port.get_partial_shape()
    shape = [d.get_length() if d.is_static else None for d in partial]
    return {
        "name": sorted(names)[0] if names else "",
        "dtype": np.dtype(port.get_element_type().to_dtype()).name,
        "shape": shape,
    }
