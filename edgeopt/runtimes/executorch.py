"""ExecuTorch with XNNPACK on the CPU: opens .pte programs.

Its Python runtime speaks in PyTorch's tensors: it needs torch, which it does not declare.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import time
import weakref
from typing import Any

import numpy as np

from edgeopt.runtimes import profiling
from edgeopt.runtimes.profiling import executorch as profiler
from edgeopt.runtimes.spec import RuntimeSpec

SPEC = RuntimeSpec(
    name="executorch",
    packages=("executorch",),
    needs=("torch",),
    # With wheels alone pip settles for 0.6, the last version that does not need it.
    built=("antlr4-python3-runtime==4.9.*",),
    suffixes=(".pte",),
    precisions=("fp32", "int8-static"),
    published=("ExecuTorch",),
    layers_by="position",
)

METHOD = "forward"

#: ExecuTorch's numbers of element types (ScalarType).
_DTYPES = {
    0: "uint8", 1: "int8", 2: "int16", 3: "int32", 4: "int64", 5: "float16", 6: "float32",
    7: "float64", 11: "bool",
}  # fmt: skip

#: XNNPACK's kinds of values and of the nodes that compute.
_KINDS = {
    "fp32": "fp32", "fp16": "fp16", "qint8": "int8", "quint8": "int8", "qcint8": "int8",
    "qdint8": "int8-dynamic", "qpint8": "int8-dynamic", "bf16": "bf16",
}  # fmt: skip
_COMPUTE = (
    "XNNConv2d", "XNNDepthwiseConv2d", "XNNConvTranspose2d", "XNNFullyConnected",
    "XNNBatchMatrixMultiply", "XNNScaledDotProductAttention",
)  # fmt: skip
_KERNELS = ("convolution", "linear", "mm", "matmul", "bmm", "addmm", "lstm", "gru")

#: Sessions of this process: they share one pool of threads.
_OPEN: Any = weakref.WeakKeyDictionary()


def _import():
    """The extension itself. The package's `portable_lib` is the same with more imports: it has

    ExecuTorch's converter imported for the class of a warning, which takes three times as long
    and half as much memory again.
    """
    import torch  # noqa: F401  (it loads the libraries that the extension needs)

    try:
        from executorch.extension.pybindings import _C as lib  # noqa: N811
    except ImportError:  # a version that has it under another name
        from executorch.extension.pybindings import portable_lib as lib
    return lib


def version() -> str:
    from importlib import metadata

    _import()
    return metadata.version(SPEC.packages[0])


def open_session(path: str, threads: int, options: dict) -> Session:
    """Open a program.

    Raises:
        ValueError: any option: there are none; sessions with other threads in this process.
    """
    if options:
        raise ValueError(f"unknown ExecuTorch options {sorted(options)}; it has none")
    return Session(path, threads)


def _set_threads(lib, threads: int) -> None:
    """The pool is the process's own: it cannot change under a session that is open."""
    if lib._threadpool_get_thread_count() == threads:
        return
    if len(_OPEN):
        raise ValueError(
            "ExecuTorch has one pool of threads in a process, and a session with another number "
            "of them is open"
        )
    lib._unsafe_reset_threadpool(threads)


class Session:
    def __init__(self, path: str, threads: int) -> None:
        import torch

        lib = _import()
        if not os.path.isfile(path):
            raise ValueError(f"there is no file {path}")
        _set_threads(lib, threads)
        self._path, self._torch = path, torch
        start = time.perf_counter_ns()
        self._program = lib._load_program(
            path, program_verification=lib.Verification.InternalConsistency
        )
        loaded = time.perf_counter_ns()
        self._method: Any = self._program.load_method(METHOD)
        compile_ns = time.perf_counter_ns() - loaded
        self.stages = {"load_ns": loaded - start, "compile_ns": compile_ns, "why_null": {}}
        about = self._method.method_meta()
        self.inputs = [
            _spec(f"input_{i}", about.input_tensor_meta(i)) for i in range(about.num_inputs())
        ]
        self.outputs = [
            _spec(f"output_{i}", about.output_tensor_meta(i)) for i in range(about.num_outputs())
        ]
        _OPEN[self] = True

    def run(self, arrays: list) -> list:
        for spec, array in zip(self.inputs, arrays):
            if list(array.shape) != spec["shape"]:
                shape = tuple(spec["shape"])
                raise ValueError(f"expected an input of shape {shape}, got {array.shape}")
        results = self._method([self._torch.from_numpy(array) for array in arrays], False)
        # They are its own buffers, which the next call fills anew.
        return [np.array(result.numpy()) for result in results]

    def facts(self) -> dict:
        """Operators and precisions of the program, its XNNPACK graphs opened up."""
        try:
            kernels, nodes = _account(self._path)
        except Exception as error:
            why = f"the program cannot be read back: {error}"[:200]
            return {"why_null": dict.fromkeys(("precisions", "total", "delegated"), why)}
        operators: dict = {}
        precisions: dict = {}
        for name, kind in kernels + nodes:
            operators[name] = operators.get(name, 0) + 1
            if kind:
                precisions[kind] = precisions.get(kind, 0) + 1
        return {
            "operators": operators,
            "precisions": precisions,
            "total": len(kernels) + len(nodes),
            "delegated": len(nodes),
            "providers": ["XNNPACK"] * bool(nodes) + ["portable kernels"] * bool(kernels),
            "options": {},
        }

    def profile(self, arrays_list: list, runs: int) -> dict:
        """See `runtimes/__init__.py`: the program once more, with the event tracer on."""
        from executorch.devtools.etdump.serialize import deserialize_from_etdump_flatcc as read

        profiled = profiler.Profiled(_import(), self._torch, read, self._path, METHOD)
        return profiling.take(self, profiled, arrays_list, runs, how=profiler.HOW)

    def close(self) -> None:
        self._method = self._program = None
        _OPEN.pop(self, None)


def _spec(name: str, tensor) -> dict:
    return {
        "name": name,
        "dtype": _DTYPES.get(tensor.dtype(), str(tensor.dtype())),
        "shape": [int(size) for size in tensor.sizes()],
    }


def _account(path: str) -> tuple:
    """(kernels, XNNPACK nodes) of a program, each (name, arithmetic or None)."""
    from executorch.exir._serialize._program import deserialize_pte_binary

    with open(path, "rb") as file:
        program = deserialize_pte_binary(file.read()).program
    [plan] = [plan for plan in program.execution_plan if plan.name == METHOD]
    kernels: list = []
    nodes: list = []
    for instruction in plan.chains[0].instructions:
        call = instruction.instr_args
        if hasattr(call, "op_index"):
            kernels.append(_kernel(plan, call))
        elif hasattr(call, "delegate_index"):
            delegate = plan.delegates[call.delegate_index]
            blob = program.backend_delegate_data[delegate.processed.index].data
            nodes += _nodes(_graph(bytes(blob)))
    return kernels, nodes


def _kernel(plan, call) -> tuple:
    name = plan.operators[call.op_index].name
    computes = name.rpartition("::")[2].startswith(_KERNELS)
    return name, "fp32" if computes else None


def _graph(blob: bytes) -> dict:
    """The XNNPACK graph in a delegate's data."""
    import importlib.resources

    from executorch.backends.xnnpack import serialization
    from executorch.backends.xnnpack.serialization.xnnpack_graph_serialize import XNNHeader
    from executorch.exir._serialize._flatbuffer import _flatc_decompile

    header = XNNHeader.from_bytes(blob[: XNNHeader.EXPECTED_LENGTH])
    start, size = header.flatbuffer_offset, header.flatbuffer_size
    with tempfile.TemporaryDirectory() as folder:
        schema, binary = os.path.join(folder, "graph.fbs"), os.path.join(folder, "graph.bin")
        with open(schema, "wb") as file:
            file.write(importlib.resources.files(serialization).joinpath("schema.fbs").read_bytes())
        with open(binary, "wb") as file:
            file.write(blob[start : start + size])
        _flatc_decompile(folder, schema, binary, ["--raw-binary"])
        with open(os.path.join(folder, "graph.json"), encoding="utf-8") as file:
            text = file.read()
    return json.loads(re.sub(r"(: -?)inf\b", r"\1Infinity", text))  # flatc's own word


def _nodes(graph: dict) -> list:
    types = {}
    for value in graph["xvalues"]:
        held = value["xvalue_union"]
        held = held.get("tensor_value", held)
        types[held["id_out"]] = str(held["datatype"]).replace("xnn_datatype_", "")
    return [_node(node, types) for node in graph["xnodes"]]


def _node(node: dict, types: dict) -> tuple:
    kind, fields = node["xnode_union_type"], node["xnode_union"]
    if kind not in _COMPUTE:
        return kind, None
    held = str(types[fields["input1_id"] if "input1_id" in fields else fields["query_id"]])
    return kind, _KINDS.get(held, held)
