"""LiteRT's profiler: XNNPACK's operators, and the built-in kernels of what XNNPACK did not take."""

from __future__ import annotations

import os
import re

from edgeopt.runtimes.profiling import PRECISIONS
from edgeopt.runtimes.profiling.litert_c import KNOWN, CompiledModel

HOW = "LiteRT's profiler (CompiledModel, XNNPACK's own times)"

_BUILT_IN, _DELEGATED = 1 << 1, 1 << 3  # kinds of events: tflite/core/api/profiler.h

#: What XNNPACK calls an operator -> what the file may call it. XNNPACK makes a fully connected
#: one of a 1x1 convolution.
_FAMILIES = (
    (
        ("Convolution", "Fully Connected", "Deconvolution", "Batch Matrix Multiply",
         "Dynamic Fully Connected"),
        ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV", "BATCH_MATMUL"),
    ),
    (("Add",), ("ADD",)),
    (("Multiply",), ("MUL",)),
    (("Subtract",), ("SUB",)),
    (("Divide",), ("DIV",)),
    (("Mean", "Sum", "Global Average Pooling"), ("MEAN", "SUM")),
    (("Softmax",), ("SOFTMAX",)),
    (("Sigmoid",), ("LOGISTIC",)),
    (("Tanh",), ("TANH",)),
    (("HardSwish", "Hardswish"), ("HARD_SWISH",)),
    (("Max Pooling", "MaxPooling"), ("MAX_POOL_2D",)),
    (("Average Pooling",), ("AVERAGE_POOL_2D",)),
    (("Concatenate", "Concatenate2", "Concatenate3", "Concatenate4"), ("CONCATENATION",)),
    (("Transpose",), ("TRANSPOSE",)),
    (("Constant Pad",), ("PAD", "PADV2")),
)  # fmt: skip

_WORDS = (("QD8", "int8-dynamic"), ("QC8", "int8"), ("QS8", "int8"), ("QU8", "int8"),
          ("F16", "fp16"), ("F32", "fp32"))  # fmt: skip


class Profiled:
    """A session with the profiler on.

    Args:
        library: libLiteRt.so. names: the plain session's inputs, in its order.
        nodes: of the file in their order: `index`, `type`, `name` (of the first result),
            `precision`, `output`, `shape`, `delegated`.

    Raises:
        ValueError: there is no such library, or it refuses the model.
    """

    def __init__(self, library: str, path: str, threads: int, names: list, nodes: list) -> None:
        self._model = CompiledModel(library, path, threads)
        own = self._model.inputs
        self._order = [names.index(n) for n in own] if set(own) == set(names) else range(len(own))
        self._nodes = nodes
        self._runs: list = []

    def run(self, arrays: list) -> None:
        for i, source in enumerate(self._order):
            self._model.write(i, arrays[source])
        self._model.run()

    def keep(self) -> None:
        """Read the events of the last inference."""
        self._runs.append([e for e in self._model.events() if e[1] in (_BUILT_IN, _DELEGATED)])

    def finish(self) -> tuple:
        self._model.close()
        first = self._runs[0] if self._runs else []
        found = matched(first, self._nodes)
        operators = {
            (i, event[0]): _about(event, node) for i, (event, node) in enumerate(zip(first, found))
        }
        rows = [{(i, e[0]): 1000 * e[2] for i, e in enumerate(run)} for run in self._runs]
        return operators, rows


def library_of(package: str, version: str) -> str:
    """The path of the library in a package's folder.

    Raises:
        ValueError: the package has none, or is of a version that was not tried.
    """
    path = os.path.join(package, "libLiteRt.so")
    if not os.path.exists(path):
        raise ValueError(
            "this LiteRT has no profiler that Python can reach; ai-edge-litert {}.* has".format(
                KNOWN[0]
            )
        )
    if ".".join(version.split(".")[:2]) not in KNOWN:
        raise ValueError(
            "LiteRT's profiler is reached through its C interface, which was tried with "
            "ai-edge-litert {} and not with {}".format(", ".join(KNOWN), version)
        )
    return path


def matched(events: list, nodes: list) -> list:
    """For each event the node of the file that it is, or None.

    A built-in kernel tells its node. XNNPACK keeps the order of the file, so its operators of a
    family are the delegated nodes of that family one by one, if there are as many.
    """
    by_index = {node["index"]: node for node in nodes}
    found = [by_index.get(e[3]) if e[1] == _BUILT_IN else None for e in events]
    for theirs, ours in _FAMILIES:
        own = [i for i, e in enumerate(events) if e[1] == _DELEGATED and base(e[0]) in theirs]
        family = [node for node in nodes if node["delegated"] and node["type"] in ours]
        if len(own) == len(family):
            for i, node in zip(own, family):
                found[i] = node
    return found


def base(tag: str) -> str:
    """XNNPACK's "Convolution (NHWC, QC8) IGEMM" -> "Convolution"."""
    return tag.partition(" (")[0]


def xnnpack(tag: str) -> dict:
    """The description of an operator of XNNPACK by its tag alone."""
    return _about((tag, _DELEGATED, 0, 0), None)


def _about(event: tuple, node) -> dict:
    tag, kind, _, _ = event
    known = node or {}
    built_in = kind == _BUILT_IN
    types = re.findall(r"\w+", tag.partition("(")[2].partition(")")[0])
    said = next((word for short, word in _WORDS if short in types), None)
    output = known.get("output") or (_last(types) if "Convert" in tag else None)
    return {
        "name": known.get("name") or base(tag),
        "type": known.get("type") or base(tag),
        "precision": _converted(types) if "Convert" in tag else said or known.get("precision"),
        "output": output,
        "detail": ("built-in kernel" if built_in else "XNNPACK " + tag)
        + (" " + "x".join(map(str, known["shape"])) if known.get("shape") else ""),
        "layers": [known["name"]] if known.get("name") else [],
        "fallback": built_in,
    }


def _converted(types: list):
    """What a conversion ("NC, F32, QD8") starts from."""
    words = dict(_WORDS)
    return next((words[word] for word in types if word in words), None)


def _last(types: list):
    words = dict(_WORDS)
    return next((words[word] for word in reversed(types) if word in words), None)


def nodes_of(operators: list, tensors: list) -> list:
    """The nodes of a file, with those that a delegate took marked.

    Args:
        operators: what the interpreter says of its plan: a DELEGATE stands for those it took,
            which it lists, too. tensors: its tensors' details.
    """
    about = {t["index"]: t for t in tensors}
    taken = _taken(operators)
    return [
        _node(op, about, int(op["index"]) in taken)
        for op in operators
        if op["op_name"] != "DELEGATE"
    ]


def _node(op: dict, about: dict, delegated: bool) -> dict:
    import numpy as np

    def of(indices, key: str):
        found = about.get(int(indices[0])) if len(indices) else None
        return None if found is None else found[key]

    def word(indices):
        dtype = of(indices, "dtype")
        name = None if dtype is None else np.dtype(dtype).name
        return PRECISIONS.get(name, name)

    shape = of(op["outputs"], "shape")
    return {
        "index": int(op["index"]),
        "type": op["op_name"],
        "name": of(op["outputs"], "name") or "",
        "precision": _arithmetic(op["op_name"], word(op["inputs"]), word(op["inputs"][1:])),
        "output": word(op["outputs"]),
        "shape": [] if shape is None else [int(d) for d in shape],
        "delegated": delegated,
    }


def _arithmetic(kind: str, activation, weights):
    """Integers for weights alone mean that a kernel that computes makes the others as it runs."""
    computes = kind in _FAMILIES[0][1]
    return "int8-dynamic" if computes and activation == "fp32" and weights == "int8" else activation


def _taken(operators: list) -> set:
    """Indices of the nodes between a delegate's inputs and outputs."""
    makers = {int(t): op for op in operators if op["op_name"] != "DELEGATE" for t in op["outputs"]}
    taken: set = set()
    for delegate in (op for op in operators if op["op_name"] == "DELEGATE"):
        given = {int(t) for t in delegate["inputs"]}
        open_ends = [int(t) for t in delegate["outputs"]]
        while open_ends:
            op = makers.get(open_ends.pop())
            if op is None or int(op["index"]) in taken:
                continue
            taken.add(int(op["index"]))
            open_ends += [int(t) for t in op["inputs"] if int(t) not in given]
    return taken
