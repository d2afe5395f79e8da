"""TensorFlow on the CPU: opens the frozen SavedModel of a Keras or TensorFlow source.

The source's own answers; nothing is converted to it or timed in it.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from edgeopt.runtimes.spec import RuntimeSpec

SPEC = RuntimeSpec(
    name="tensorflow",
    packages=("tensorflow",),
    reference=True,
    program=True,
    no_profiler="TensorFlow gives the source's answers here; it is not profiled",
)


def version() -> str:
    import tensorflow

    return str(tensorflow.__version__)


def open_session(path: str, threads: int, options: dict) -> Session:
    """Open a SavedModel by its saved_model.pb.

    Raises:
        ValueError: any option: there are none.
    """
    if options:
        raise ValueError(f"unknown TensorFlow options {sorted(options)}; it has none")
    return Session(path, threads)


class Session:
    def __init__(self, path: str, threads: int) -> None:
        import tensorflow

        if not os.path.isfile(path):
            raise FileNotFoundError(path)
        self.stages = {"why_null": {"compile_ns": "TensorFlow compiles with the first call"}}
        self._tensorflow = tensorflow
        _use(tensorflow, threads)
        self._loaded: Any = tensorflow.saved_model.load(os.path.dirname(path))
        self._run: Any = self._loaded.signatures["serving_default"]
        # Both lists are by name: what a signature keeps is in no order.
        ins, outs = self._run.structured_input_signature[1], self._run.structured_outputs
        self.inputs = [_spec(name, ins[name]) for name in sorted(ins)]
        self.outputs = [_spec(name, outs[name]) for name in sorted(outs)]

    def run(self, arrays: list) -> list:
        constant = self._tensorflow.constant
        given = {s["name"]: constant(array) for s, array in zip(self.inputs, arrays)}
        results = self._run(**given)
        return [np.array(results[spec["name"]]) for spec in self.outputs]

    def facts(self) -> dict:
        operators: dict = {}
        for operation in self._run.graph.get_operations():
            operators[operation.type] = operators.get(operation.type, 0) + 1
        return {
            "operators": operators,
            "precisions": {"fp32": 1},
            "total": sum(operators.values()),
            "delegated": None,
            "why_null": {"delegated": "TensorFlow has no delegate"},
            "providers": ["CPU"],
            "options": {},
        }

    def profile(self, arrays_list: list, runs: int) -> dict:
        """Raises ValueError: it gives the source's answers and is never timed."""
        raise ValueError(SPEC.no_profiler)

    def close(self) -> None:
        self._loaded = self._run = None


def _use(tensorflow, threads: int) -> None:
    """Threads are set once a process; later sessions share them."""
    try:
        tensorflow.config.set_visible_devices([], "GPU")
        tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
        tensorflow.config.threading.set_inter_op_parallelism_threads(1)
    except RuntimeError:
        pass


def _spec(name: str, spec) -> dict:
    return {
        "name": name,
        "dtype": np.dtype(spec.dtype.as_numpy_dtype).name,
        "shape": [int(dim) for dim in spec.shape],
    }
