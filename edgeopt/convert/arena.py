"""The memory that a LiteRT model's tensors need on a microcontroller, computed.

Two tensors share bytes where they do not live at the same time. This is the greedy planner of
TensorFlow Lite Micro (tensorflow/lite/micro/memory_planner/greedy_memory_planner.cc): the largest
first, each at the lowest place where it fits between those that live when it does. It is a lower
bound: what the interpreter keeps comes on top, and scratch buffers of some kernels (`micro.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

ALIGNMENT = 16  # bytes: MicroArenaBufferAlignment


class Lifetime(NamedTuple):
    """Bytes that are needed from the operator at place `first` to the one at `last`."""

    size_bytes: int
    first: int
    last: int


def note(path: str) -> str:
    """A sentence for the user of a microcontroller, or "" where nothing can be said.

    Args:
        path: of a .tflite file whose inputs and outputs are integers.
    """
    from ai_edge_litert import interpreter

    plain = interpreter.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    model = interpreter.Interpreter(model_path=path, experimental_op_resolver_type=plain)
    ends = [*model.get_input_details(), *model.get_output_details()]
    if model.num_subgraphs() != 1 or any(np.dtype(end["dtype"]).kind != "i" for end in ends):
        return ""
    size_bytes = planned_bytes(
        lifetimes(
            model._get_ops_details(),
            {int(t["index"]): _size_bytes(t) for t in model.get_tensor_details()},
            [int(detail["index"]) for detail in model.get_input_details()],
            [int(detail["index"]) for detail in model.get_output_details()],
        )
    )
    return (
        f"on a microcontroller its tensors need at least {size_bytes} bytes of arena, computed "
        "from their lifetimes; what the interpreter and its kernels ask for comes on top"
    )


def _size_bytes(tensor: Mapping[str, Any]) -> int:
    return int(np.prod(tensor["shape"], dtype=np.int64)) * np.dtype(tensor["dtype"]).itemsize


def lifetimes(
    operators: Sequence[Mapping[str, Any]],
    sizes: Mapping[int, int],
    inputs: Sequence[int],
    outputs: Sequence[int],
) -> list[Lifetime]:
    """When each tensor that no file holds is needed.

    Args:
        operators: in the order in which they run, their "inputs" and "outputs" by number.
        sizes: number of a tensor -> bytes.
        inputs: live from the beginning. outputs: live to the end.
    """
    first = dict.fromkeys(inputs, 0)
    last = dict.fromkeys(inputs, 0)
    for place, operator in enumerate(operators):
        for tensor in operator["outputs"]:
            first.setdefault(int(tensor), place)
            last[int(tensor)] = place
        for tensor in operator["inputs"]:
            if int(tensor) in first:  # others are constants, or absent (-1)
                last[int(tensor)] = place
    last |= dict.fromkeys((t for t in outputs if t in first), max(len(operators) - 1, 0))
    return [Lifetime(sizes[tensor], first[tensor], last[tensor]) for tensor in first]


def planned_bytes(tensors: Sequence[Lifetime]) -> int:
    """The size of the arena that the planner arrives at."""
    placed: list[tuple[int, int, Lifetime]] = []  # begin, end
    for tensor in sorted(tensors, key=lambda t: -t.size_bytes):
        size_bytes = -(-tensor.size_bytes // ALIGNMENT) * ALIGNMENT
        begin = 0
        for other_begin, other_end, other in sorted(placed):
            meet = tensor.first <= other.last and other.first <= tensor.last
            if meet and begin + size_bytes > other_begin:
                begin = max(begin, other_end)
        placed.append((begin, begin + size_bytes, tensor))
    return max((end for _, end, _ in placed), default=0)
