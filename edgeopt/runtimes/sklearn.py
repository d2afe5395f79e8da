"""scikit-learn: opens what the preparation of an estimator wrote. The source's own answers.

Nothing is converted to it or timed in it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from edgeopt.runtimes.spec import RuntimeSpec

SPEC = RuntimeSpec(
    name="sklearn",
    packages=("scikit-learn",),
    modules=("sklearn", "joblib"),
    reference=True,
    program=True,
    no_profiler="scikit-learn gives the source's answers here; it is not profiled",
)


def version() -> str:
    import sklearn

    return str(sklearn.__version__)


def open_session(path: str, threads: int, options: dict) -> Session:
    """Open {"estimator", "methods", "inputs", "outputs"} as joblib wrote it.

    Raises:
        ValueError: any option: there are none.
    """
    if options:
        raise ValueError(f"unknown scikit-learn options {sorted(options)}; it has none")
    return Session(path)


class Session:
    def __init__(self, path: str) -> None:
        import joblib

        self.stages = {"why_null": {"compile_ns": "scikit-learn compiles nothing"}}
        kept = joblib.load(path)
        self._estimator: Any = kept["estimator"]
        self._methods = kept["methods"]
        self.inputs, self.outputs = kept["inputs"], kept["outputs"]

    def run(self, arrays: list) -> list:
        return answers(self._estimator, self._methods, arrays[0], self.outputs)

    def facts(self) -> dict:
        return {
            "operators": {type(self._estimator).__name__: 1},
            "precisions": {"fp32": 1},
            "total": 1,
            "delegated": None,
            "why_null": {"delegated": "scikit-learn has no delegate"},
            "providers": ["CPU"],
            "options": {},
        }

    def profile(self, arrays_list: list, runs: int) -> dict:
        """Raises ValueError: it gives the source's answers and is never timed."""
        raise ValueError(SPEC.no_profiler)

    def close(self) -> None:
        self._estimator = None


def answers(estimator: Any, methods: list, rows, outputs: list) -> list:
    """What each method says of the rows, in the shape and element type of its output."""
    results = [np.asarray(getattr(estimator, method)(rows)) for method in methods]
    return [
        np.array(result, dtype=spec["dtype"]).reshape(spec["shape"])
        for result, spec in zip(results, outputs)
    ]
