"""TensorRT on an NVIDIA GPU: opens .onnx files, whose engine is built on this machine.

The engine is built when a model is first opened, and kept with TensorRT's timings in the
user's cache: engines do not travel.
"""

from __future__ import annotations

import json
import os
import time

from edgeopt.runtimes.cuda_runtime import Cuda
from edgeopt.runtimes.spec import OptionSet, RuntimeSpec
from edgeopt.runtimes.tensorrt_engine import Engine, check_options, engine_for, sha256

SPEC = RuntimeSpec(
    name="tensorrt",
    packages=("tensorrt",),
    precisions=("fp32", "fp16", "int8-static", "fp16-2to4"),
    option_sets=(
        OptionSet(
            options={"tf32": 1},
            why="tensor cores for what is left in fp32, with 10 bits of mantissa",
            precisions=("fp32", "int8-static"),
        ),
    ),
    stand_in="onnxruntime",
    shipped={"build_engine.py": "tensorrt_engine.py", "cuda_runtime.py": "cuda_runtime.py"},
    no_profiler="TensorRT's time is not taken apart by this version",
)


def version() -> str:
    """Raises ImportError where TensorRT, CUDA's library or a GPU is missing."""
    import tensorrt

    return "{} ({})".format(tensorrt.__version__, Cuda().gpu())


def engines() -> str:
    """The folder of engines: $EDGEOPT_ENGINES, else in the user's cache."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.environ.get("EDGEOPT_ENGINES") or os.path.join(cache, "edgeopt", "engines")


def open_session(path: str, threads: int, options: dict) -> Session:
    """Open a model; builds its engine where there is none for this GPU.

    Args:
        threads: not used: the GPU does the work.
        options: `sparse_weights` = 0 | 1: kernels for weights that are 2:4 sparse;
            `tf32` = 0 | 1: fp32 layers in TensorFloat-32, with 10 bits of mantissa.

    Raises:
        ValueError: an unknown option, or a value that it does not have.
    """
    return Session(path, check_options(options))


class Session:
    def __init__(self, path: str, options: dict) -> None:
        self._options = options
        folder = engines()
        os.makedirs(folder, exist_ok=True)
        # A model's own: which of them was built last in a place of its name decides nothing.
        name = "{}-{}".format(
            sha256(path)[:16], "".join(str(v) for _, v in sorted(options.items()))
        )
        engine = os.path.join(folder, name + ".engine")
        start = time.perf_counter_ns()
        made = engine_for(path, engine, options, os.path.join(folder, "timing.cache"))
        built = time.perf_counter_ns()
        self._engine = Engine(engine, made["order"])
        loaded = time.perf_counter_ns()
        self.stages = {
            "load_ns": loaded - built,
            "compile_ns": built - start if made["built"] else None,
            "why_null": {}
            if made["built"]
            else {"compile_ns": "its engine was built before, in {} s".format(made["build_s"])},
        }
        self.inputs, self.outputs = self._engine.inputs, self._engine.outputs

    def run(self, arrays: list) -> list:
        return self._engine.run(arrays)

    def facts(self) -> dict:
        """The engine's layers. What each computes in is not told without a detailed build."""
        import tensorrt as trt

        inspector = self._engine.engine.create_engine_inspector()
        told = json.loads(inspector.get_engine_information(trt.LayerInformationFormat.JSON))
        layers = len(told.get("Layers", []))
        return {
            "operators": {"layer": layers},
            "total": layers,
            "delegated": layers,
            "providers": [Cuda().gpu()],
            "options": {name: str(value) for name, value in self._options.items()},
            "why_null": {"precisions": "the engine is strongly typed: as its file says"},
        }

    def profile(self, arrays_list: list, runs: int) -> dict:
        """Raises ValueError: it is not taken apart yet."""
        raise ValueError(SPEC.no_profiler)

    def close(self) -> None:
        self._engine.close()
