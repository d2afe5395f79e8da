"""LiteRT (formerly TensorFlow Lite) with XNNPACK: opens .tflite files.

`tflite-runtime`, its predecessor, speaks the same interface and serves where
`ai-edge-litert` is not installed.
"""

from __future__ import annotations

import os
import time

import numpy as np

from edgeopt.runtimes import litert_tensors, profiling
from edgeopt.runtimes.profiling import litert as profiler
from edgeopt.runtimes.spec import FASTEST_CORES, OptionSet, RuntimeSpec

SPEC = RuntimeSpec(
    name="litert",
    packages=("ai-edge-litert", "tflite-runtime"),
    pins={"tflite-runtime": ("numpy<2",)},  # it was built before numpy 2
    suffixes=(".tflite",),
    precisions=("fp32", "fp16", "int8-static", "int8-dynamic", "int8-weights", "as-is"),
    # Its Python interface has no weight cache, no arena and no other flag of XNNPACK.
    option_sets=(
        FASTEST_CORES,
        OptionSet(
            options={"xnnpack": "off"},
            why="LiteRT's own kernels quantize activations at run time, too",
            precisions=("int8-dynamic",),
        ),
        OptionSet(
            options={"xnnpack": "latest"},
            why="XNNPACK takes some operators on request only",
        ),
    ),
    emulated=True,
    open_axes=True,
    published=("XNNPACK end2end-bench", "TFLite", "TFLite benchmark_model"),
    baseline=2,
    layers_by="position",
)

_COMPUTE = (
    "CONV_2D",
    "DEPTHWISE_CONV_2D",
    "FULLY_CONNECTED",
    "BATCH_MATMUL",
    "TRANSPOSE_CONV",
    "UNIDIRECTIONAL_SEQUENCE_LSTM",
)


def _import():
    try:
        from ai_edge_litert import interpreter
    except ImportError:
        from tflite_runtime import interpreter
    return interpreter


def version() -> str:
    from importlib import metadata

    _import()
    for package in SPEC.packages:
        try:
            return "{} {}".format(package, metadata.version(package))
        except metadata.PackageNotFoundError:
            continue
    raise ImportError("neither ai-edge-litert nor tflite-runtime is installed")


def open_session(path: str, threads: int, options: dict) -> Session:
    """Open a model with the default delegate (XNNPACK).

    Args:
        options: `xnnpack` = "default" | "latest" (operators that it takes on request only) |
            "off" (LiteRT's own kernels).

    Raises:
        ValueError: an unknown option, or one that this package does not have.
    """
    unknown = set(options) - {"xnnpack"}
    if unknown:
        raise ValueError(f"unknown LiteRT options {sorted(unknown)}; known: xnnpack")
    asked = options.get("xnnpack", "default")
    if asked not in ("default", "latest", "off"):
        raise ValueError(f"unknown xnnpack {asked!r}; known: default, latest, off")
    return Session(path, threads, asked)


def _flags(asked: str) -> dict:
    """The interpreter's arguments for a value of `xnnpack`."""
    if asked == "latest":
        return {"experimental_default_delegate_latest_features": True}
    if asked == "off":
        kinds = _import().OpResolverType
        return {"experimental_op_resolver_type": kinds.BUILTIN_WITHOUT_DEFAULT_DELEGATES}
    return {}


class Session:
    def __init__(self, path: str, threads: int, xnnpack: str = "default") -> None:
        self._path, self._threads, self._xnnpack = path, threads, xnnpack
        interpreter = _import().Interpreter
        flags = _flags(xnnpack)
        start = time.perf_counter_ns()
        try:
            self._interpreter = interpreter(model_path=path, num_threads=threads, **flags)
        except TypeError as error:  # an older package has fewer arguments
            raise ValueError(f"{version()} has no xnnpack={xnnpack}: {error}") from None
        loaded = time.perf_counter_ns()
        self._interpreter.allocate_tensors()
        compile_ns = time.perf_counter_ns() - loaded
        self.stages = {"load_ns": loaded - start, "compile_ns": compile_ns, "why_null": {}}
        ins, outs = litert_tensors.ordered(self._interpreter, interpreter(model_path=path))
        self._in_index = [detail["index"] for _, detail in ins]
        self._out_index = [detail["index"] for _, detail in outs]
        self._keeps_state = litert_tensors.keeps_state(self._interpreter)
        self.inputs = [_spec(name, detail) for name, detail in ins]
        self._shapes = [tuple(spec["shape"]) for spec in self.inputs]
        self.outputs = [_spec(name, detail) for name, detail in outs]

    def run(self, arrays: list) -> list:
        interpreter = self._interpreter
        if self._keeps_state:  # each sample is its own: an earlier one must not show
            interpreter.reset_all_variables()
        try:
            for index, array in zip(self._in_index, arrays):
                interpreter.set_tensor(index, array)
        except ValueError:  # asked only then: to compare shapes takes a quarter of a 2 us net
            shapes = [np.shape(array) for array in arrays]
            if shapes == self._shapes:
                raise
            self._resize(shapes)
            for index, array in zip(self._in_index, arrays):
                interpreter.set_tensor(index, array)
        interpreter.invoke()
        return [interpreter.get_tensor(index) for index in self._out_index]

    def _resize(self, shapes: list) -> None:
        """Take inputs of other sizes from now on; memory is planned anew.

        Raises:
            RuntimeError: the file cannot follow; the sizes are what they were.
        """
        try:
            self._plan(shapes)
        except RuntimeError:
            self._plan(self._shapes)
            raise
        self._shapes = shapes

    def _plan(self, shapes: list) -> None:
        for index, shape in zip(self._in_index, shapes):
            self._interpreter.resize_tensor_input(index, list(shape))
        self._interpreter.allocate_tensors()

    def facts(self) -> dict:
        """Operators and precisions of the file, and how many the delegate took.

        The interpreter lists the nodes of its plan; a DELEGATE node stands for those it took.
        """
        details = getattr(self._interpreter, "_get_ops_details", None)
        if details is None:
            why = "this interpreter does not list its operators"
            return {"why_null": dict.fromkeys(("precisions", "total", "delegated"), why)}
        types = {
            t["index"]: np.dtype(t["dtype"]).name for t in self._interpreter.get_tensor_details()
        }
        operators: dict = {}
        precisions: dict = {}
        for op in details():
            name = op["op_name"]
            operators[name] = operators.get(name, 0) + 1
            if name in _COMPUTE:
                kind = _arithmetic(types, op["inputs"])
                precisions[kind] = precisions.get(kind, 0) + 1
        delegates = operators.pop("DELEGATE", 0)
        nodes = self._nodes()
        return {
            "operators": operators,
            "precisions": precisions,
            "total": len(nodes),
            "delegated": sum(node["delegated"] for node in nodes),
            "providers": ["XNNPACK" if delegates else "built-in kernels"],
            "options": {"delegate_partitions": str(delegates), "xnnpack": self._xnnpack},
        }

    def _nodes(self) -> list:
        return profiler.nodes_of(
            self._interpreter._get_ops_details(), self._interpreter.get_tensor_details()
        )

    def profile(self, arrays_list: list, runs: int) -> dict:
        """See `runtimes/__init__.py`: through the C interface, since Python's has no profiler.

        Raises:
            ValueError: this package has no such interface, or one that was not tried; or the
                session has another delegate than the profiler's.
        """
        if self._xnnpack != "default":
            raise ValueError("the profiler's session has XNNPACK as it is by default")
        package = os.path.dirname(_import().__file__)
        library = profiler.library_of(package, version().split()[-1])
        names = [spec["name"] for spec in self.inputs]
        profiled = profiler.Profiled(library, self._path, self._threads, names, self._nodes())
        return profiling.take(self, profiled, arrays_list, runs, how=profiler.HOW)

    def order(self, role: str) -> list:
        """Positions in `inputs` or `outputs`, in the order in which the file has them."""
        listed, own = (
            (self._interpreter.get_input_details(), self._in_index)
            if role == "inputs"
            else (self._interpreter.get_output_details(), self._out_index)
        )
        return [own.index(detail["index"]) for detail in listed]

    def open_axes(self) -> dict:
        """{input: its axes that the file leaves open, which are 1 here}."""
        signed = {
            detail["index"]: [int(d) for d in detail.get("shape_signature", [])]
            for detail in self._interpreter.get_input_details()
        }
        return {
            spec["name"]: [axis for axis, dim in enumerate(signed[index]) if dim < 0]
            for spec, index in zip(self.inputs, self._in_index)
        }

    def close(self) -> None:
        self._interpreter = None


def _arithmetic(types: dict, inputs) -> str:
    activation = types.get(int(inputs[0]), "?")
    weights = types.get(int(inputs[1]), "?") if len(inputs) > 1 else activation
    if activation in ("int8", "int16", "uint8"):
        return "int8" if activation != "int16" else "int16"
    if weights == "int8":
        return "int8-dynamic"
    return "fp32" if activation == "float32" else activation


def _spec(name: str, detail: dict) -> dict:
    spec = {
        "name": name,
        "dtype": np.dtype(detail["dtype"]).name,
        "shape": [int(d) for d in detail["shape"]],
    }
    scale, zero_point = detail["quantization"]
    if scale:
        spec["scale"], spec["zero_point"] = float(scale), int(zero_point)
    return spec


def stored(path: str) -> set:
    """Element types of the tensors that are float, or integers with a scale."""
    details = _import().Interpreter(model_path=path).get_tensor_details()
    return {
        np.dtype(detail["dtype"]).name
        for detail in details
        if np.dtype(detail["dtype"]).kind == "f" or len(detail["quantization_parameters"]["scales"])
    }


def signature(path: str) -> str:
    """The name of a model's only signature, as calibration wants it."""
    signatures = _import().Interpreter(model_path=path).get_signature_list()
    return next(iter(signatures), "serving_default")
