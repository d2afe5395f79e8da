"""ncnn on the CPU: opens .param files, with the weights beside them in .bin.

A file says the shape of an input in its Input layer (0=w 1=h 2=c) and may give those of other
values as hints (-23330); there is no batch axis. ncnn computes in 16-bit floats by default where
the processor has them (ARM's asimdhp), whatever the file holds: the options decide that.
"""

from __future__ import annotations

import os
import time

import numpy as np

from edgeopt.runtimes.spec import RuntimeSpec

#: ncnn's own switches, all on unless an option says 0.
OPTIONS = ("use_fp16_packed", "use_fp16_storage", "use_fp16_arithmetic")

SPEC = RuntimeSpec(
    name="ncnn",
    packages=("ncnn",),
    suffixes=(".param",),
    weights=".bin",
    precisions=("fp32", "fp16"),
    # Without the switches an ARM core with half-precision arithmetic computes in it.
    arithmetic={"*": dict.fromkeys(OPTIONS, 0), "fp16": dict.fromkeys(OPTIONS, 1)},
    published=("ncnn",),
    no_profiler="ncnn's package for Python is built without its layer timer (NCNN_BENCHMARK)",
    harmless={"use_fp16_arithmetic": "0"},
)

_MAGIC = "7767517"
_SHAPES = {1: ("0",), 2: ("1", "0"), 3: ("2", "1", "0")}  # rank -> parameters of Input
_COMPUTE = ("Convolution", "Deconvolution", "InnerProduct", "Gemm", "MatMul", "LSTM", "GRU", "RNN",
            "MultiHeadAttention", "SDPA")  # fmt: skip


def _import():
    # Idle threads that spin slow down whatever is measured beside them; read as it is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import ncnn

    return ncnn


def version() -> str:
    return str(_import().__version__)


def open_session(path: str, threads: int, options: dict) -> Session:
    """Open a model.

    Args:
        options: 1 or 0 for `use_fp16_packed`, `use_fp16_storage` and `use_fp16_arithmetic`.

    Raises:
        ValueError: an unknown option, a value that it does not have, or a file that is none.
    """
    unknown = set(options) - set(OPTIONS)
    if unknown:
        raise ValueError(f"unknown ncnn options {sorted(unknown)}; known: {', '.join(OPTIONS)}")
    for key, value in options.items():
        if str(value) not in ("0", "1"):
            raise ValueError(f"{key} is 0 or 1, not {value!r}")
    return Session(path, threads, options)


class Session:
    def __init__(self, path: str, threads: int, options: dict) -> None:
        self._ncnn = _import()
        self._layers = read(path)
        net = self._ncnn.Net()
        net.opt.num_threads = threads
        net.opt.use_vulkan_compute = False
        for key in OPTIONS:
            setattr(net.opt, key, str(options.get(key, 1)) == "1")
        start = time.perf_counter_ns()
        if net.load_param(path):
            raise ValueError(f"ncnn refuses {path}; what it says stands above")
        weights = os.path.splitext(path)[0] + ".bin"
        if net.load_model(weights):
            raise ValueError(f"ncnn refuses {weights}; what it says stands above")
        one_step = "ncnn reads weights and prepares its kernels in one step"
        self.stages = {
            "load_ns": time.perf_counter_ns() - start,
            "compile_ns": None,
            "why_null": {"compile_ns": one_step},
        }
        self._net = net
        self.inputs = [_input(layer) for layer in self._layers if layer["type"] == "Input"]
        hints = {blob.name: blob.shape for blob in net.blobs()}
        given = {spec["name"] for spec in self.inputs}  # one that nothing reads is no output
        names = sorted(set(net.output_names()) - given, key=_natural)
        self.outputs = [_output(name, hints[name]) for name in names]

    def run(self, arrays: list) -> list:
        mat, extractor = self._ncnn.Mat, self._net.create_extractor()
        for spec, array in zip(self.inputs, arrays):
            if list(array.shape) != spec["shape"]:
                shape = tuple(spec["shape"])
                raise ValueError(f"expected an input of shape {shape}, got {array.shape}")
            # A copy: layers may work in place, and want rows that are aligned.
            extractor.input(spec["name"], mat(array).clone())
        results = []
        for spec in self.outputs:
            code, result = extractor.extract(spec["name"])
            if code:
                raise RuntimeError(f"ncnn fails on output {spec['name']!r} (code {code})")
            results.append(np.array(result))
        return results

    def facts(self) -> dict:
        """Layers of the file; the arithmetic by the switches, the layers and the processor."""
        operators: dict = {}
        precisions: dict = {}
        layers = [layer for layer in self._net.layers() if layer.type not in ("Input", "Split")]
        for layer in layers:
            operators[layer.type] = operators.get(layer.type, 0) + 1
            if layer.type.startswith(_COMPUTE):
                kind = self._arithmetic(layer)
                precisions[kind] = precisions.get(kind, 0) + 1
        return {
            "operators": operators,
            "precisions": precisions,
            "total": len(layers),
            "delegated": None,
            "why_null": {"delegated": "ncnn has no delegate"},
            "providers": ["CPU"],
            "options": {
                **{key: str(int(getattr(self._net.opt, key))) for key in OPTIONS},
                "OMP_WAIT_POLICY": os.environ.get("OMP_WAIT_POLICY", ""),
            },
        }

    def _arithmetic(self, layer) -> str:
        """16-bit floats need the switches, kernels for them, and a core that computes in them."""
        opt = self._net.opt
        half = opt.use_fp16_storage and opt.use_fp16_arithmetic and layer.support_fp16_storage
        return "fp16" if half and self._ncnn.cpu_support_arm_asimdhp() else "fp32"

    def profile(self, arrays_list: list, runs: int) -> dict:
        """Raises ValueError: ncnn's packages for Python are built without its layer timer."""
        raise ValueError(SPEC.no_profiler)

    def close(self) -> None:
        self._net = None


def read(path: str) -> list:
    """The layers of a .param file: {"type", "name", "bottoms", "tops", "parameters"}.

    Read here first: on a damaged file ncnn itself may take the process with it.

    Raises:
        ValueError: it is none, or not whole.
    """
    with open(path, "rb") as file:
        lines = file.read().decode("utf-8", "replace").split("\n")
    if lines[0].strip() != _MAGIC:
        raise ValueError(f"{path} is no ncnn .param file: it does not begin with {_MAGIC}")
    if lines[-1]:
        raise ValueError(f"{path} is not whole: its last line has no end")
    words = [line.split() for line in lines[1:] if line.strip()]
    try:
        layers = [_layer(line) for line in words[1:]]
        count, blobs = (int(word) for word in words[0])
    except (ValueError, IndexError):
        raise ValueError(f"{path} is no ncnn .param file, or damaged") from None
    found = sum(len(layer["tops"]) for layer in layers)
    if (count, blobs) != (len(layers), found):
        raise ValueError(
            f"{path} is not whole: {count} layers and {blobs} values are announced, "
            f"{len(layers)} and {found} are there"
        )
    return layers


def _layer(words: list) -> dict:
    ins, outs = int(words[2]), int(words[3])
    names, rest = words[4 : 4 + ins + outs], words[4 + ins + outs :]
    if len(names) < ins + outs:
        raise ValueError
    return {
        "type": words[0],
        "name": words[1],
        "bottoms": names[:ins],
        "tops": names[ins:],
        "parameters": {key: value for key, _, value in (word.partition("=") for word in rest)},
    }


def _input(layer: dict) -> dict:
    sizes = {key: int(value) for key, value in layer["parameters"].items() if key in "012"}
    wanted = _SHAPES.get(len(sizes), ())
    shape = [sizes[key] for key in wanted] if set(wanted) == set(sizes) and sizes else [None]
    return {"name": layer["tops"][0], "dtype": "float32", "shape": shape}


def _output(name: str, hint) -> dict:
    """Without a hint nothing tells how many axes it has: hints have room for three."""
    sizes = [int(size) for size in (hint.c, hint.h, hint.w)]
    shape = sizes[3 - hint.dims :] if 0 < hint.dims <= 3 else None
    return {"name": name, "dtype": "float32", "shape": shape}


def _natural(name: str) -> tuple:
    """out2 before out10."""
    stem = name.rstrip("0123456789")
    return (stem, int(name[len(stem) :] or -1))
