"""MNN's operators, timed between the callbacks that it makes before and after each.

An operator of the file may run as several (a convolution behind a `Raster` that turns its
layout); their names are its own with what was appended.
"""

from __future__ import annotations

import re
import time

HOW = "callbacks of MNN around each operator"

_COMPUTE = re.compile(r"Convolution|Deconvolution|MatMul|InnerProduct|LSTM|GRU|RNN|Attention")
#: What MNN appends to the name of an operator that it takes apart.
_APPENDED = re.compile(r"(_raster_\d+|__matmul_converted)+$")


class Profiled:
    """A session whose operators are timed.

    Args:
        session: of `runtimes.mnn`. arithmetic: of its floats: "fp32" or "fp16".
    """

    def __init__(self, session, arithmetic: str) -> None:
        self._session, self._arithmetic = session, arithmetic
        self._operators: dict = {}
        self._rows: list = []
        self._row: dict = {}
        self._start = 0

    def run(self, arrays: list) -> None:
        self._row = {}
        self._session.watched(arrays, self._begin, self._end)
        self._rows.append(self._row)

    def _begin(self, tensors: list, operator) -> bool:
        self._start = time.perf_counter_ns()
        return True

    def _end(self, tensors: list, operator) -> bool:
        elapsed = time.perf_counter_ns() - self._start
        key = f"{len(self._row)} {operator.getName()}"  # some share a name
        self._row[key] = elapsed
        if key not in self._operators:
            self._operators[key] = self._about(operator.getName(), operator.getType())
        return True

    def finish(self) -> tuple:
        return self._operators, self._rows

    def _about(self, name: str, said: str) -> dict:
        kind, _, dtype = said.strip().partition(" [")
        computes = _COMPUTE.search(kind) is not None
        arithmetic = "int8" if "INT8" in dtype else self._arithmetic
        return {
            "name": name,
            "type": kind,
            "precision": arithmetic if computes else None,
            "output": None,
            "detail": "",
            "layers": [_APPENDED.sub("", name)],
            "fallback": False,
        }
