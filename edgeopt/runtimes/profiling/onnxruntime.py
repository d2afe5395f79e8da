"""ONNX Runtime's profiler: a file of JSON events, a `_kernel_time` for each node of each run."""

from __future__ import annotations

import json

from edgeopt.runtimes.profiling import PRECISIONS

HOW = "ONNX Runtime's profiler"
_KERNEL = "_kernel_time"

#: Nodes that run others inside: their own time is what is left.
_CONTROL = ("If", "Loop", "Scan")
_INT8 = ("QLinear", "QGemm", "QAttention", "QEmbed", "DynamicQuantizeMatMul", "DynamicQuantizeLSTM")


class Profiled:
    """A session with its profiler on.

    Args:
        session: an `InferenceSession` made with `enable_profiling`, in a folder that is kept.
        names: its inputs.
    """

    def __init__(self, session, names: list) -> None:
        self._session, self._names = session, names

    def run(self, arrays: list) -> None:
        self._session.run(None, dict(zip(self._names, arrays)))

    def finish(self) -> tuple:
        with open(self._session.end_profiling(), encoding="utf-8") as file:
            events = json.load(file)
        operators: dict = {}
        rows = []
        for kernels in by_run(events):
            row: dict = {}
            for event, own in zip(kernels, own_times(kernels)):
                key = (event["args"].get("node_index", ""), event["name"])
                operators.setdefault(key, _about(event))
                row[key] = row.get(key, 0) + 1000 * own
            rows.append(row)
        return operators, rows


def by_run(events: list) -> list:
    """The events of kernels, in a list for each inference."""
    runs, kernels = [], []
    for event in events:
        if event.get("name", "").endswith(_KERNEL):
            kernels.append(event)
        elif event.get("name") == "model_run":  # written when it is over
            runs.append(sorted(kernels, key=lambda k: (k["ts"], -k["dur"])))
            kernels = []
    return runs


def own_times(kernels: list) -> list:
    """Microseconds of each kernel without those that ran inside of it, in order of start."""
    own = [kernel["dur"] for kernel in kernels]
    around: list = []  # the control nodes that are running, the innermost last
    for i, kernel in enumerate(kernels):
        while around and _end(kernels[around[-1]]) <= kernel["ts"]:
            around.pop()
        if around:
            own[around[-1]] -= kernel["dur"]
        if kernel["args"].get("op_name") in _CONTROL:
            around.append(i)
    return own


def _end(kernel: dict) -> int:
    return kernel["ts"] + kernel["dur"]


def _about(event: dict) -> dict:
    args = event["args"]
    provider = args.get("provider", "")
    name = event["name"][: -len(_KERNEL)]
    return {
        "name": name,
        "type": args.get("op_name", "?"),
        "precision": arithmetic(args.get("op_name", "?"), args.get("input_type_shape", [])),
        "output": _first(args.get("output_type_shape", [])),
        "detail": provider,
        "layers": [name],
        "fallback": False,
    }


def arithmetic(operator: str, types: list):
    """The precision of one kernel from its name and its first input's type."""
    if operator.startswith(_INT8) or "Integer" in operator:
        return "int8"
    return _first(types)


def _first(types: list):
    """The element type of the first of [{"float": shape}, ...]; None where there is none."""
    word = next(iter(types[0]), "?") if types else None
    return PRECISIONS.get(word, word) if word else None
