"""The operators of ONNX that decoders are made of, in numpy, as opset 13 and later have them.

A function takes a step's attributes and its inputs (None: one that is left out), and gives what it
answers as a list. Source: https://onnx.ai/onnx/operators/.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

#: An array, or None for an input that is left out.
Array = Any
Attributes = dict[str, Any]
Operator = Callable[[Attributes, Sequence[Array]], list[Array]]


class NoNumpy(ValueError):
    """A step that is not computed here: says which, and why."""


def _plain(function: Callable[..., Array]) -> Operator:
    """One that has no attributes and one answer."""
    return lambda about, given: [function(*given)]


def _sigmoid(x: Array) -> Array:
    """Without overflow on either side."""
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + small), small / (1 + small)).astype(x.dtype)


def _softmax(about: Attributes, given: Sequence[Array]) -> list[Array]:
    axis = about.get("axis", -1)
    grown = np.exp(given[0] - given[0].max(axis=axis, keepdims=True))
    return [grown / grown.sum(axis=axis, keepdims=True)]


def _reshape(about: Attributes, given: Sequence[Array]) -> list[Array]:
    x, shape = given[0], [int(size) for size in given[1]]
    if not about.get("allowzero", 0):
        shape = [x.shape[i] if size == 0 else size for i, size in enumerate(shape)]
    return [x.reshape(shape)]


def _slice(about: Attributes, given: Sequence[Array]) -> list[Array]:
    x, starts, ends, axes, steps = (*given, None, None)[:5]
    along = range(len(starts)) if axes is None else [int(axis) for axis in axes]
    strides = [1] * len(starts) if steps is None else [int(step) for step in steps]
    where = [slice(None)] * x.ndim
    for axis, start, end, step in zip(along, starts, ends, strides, strict=False):
        # Backwards "before the first" is written as a very small number.
        last = None if step < 0 and int(end) < -x.shape[axis] else int(end)
        where[axis] = slice(int(start), last, step)
    return [x[tuple(where)]]


def _split(about: Attributes, given: Sequence[Array]) -> list[Array]:
    x, axis = given[0], about.get("axis", 0)
    if len(given) > 1 and given[1] is not None:
        return list(np.split(x, np.cumsum(given[1])[:-1], axis=axis))
    count = about["num_outputs"]
    size = -(-x.shape[axis] // count)  # the last one may be smaller
    return list(np.split(x, [size * i for i in range(1, count)], axis=axis))


def _axes(about: Attributes, given: Sequence[Array]) -> Any:
    """Of an operator whose axes are an input, or were an attribute; None: all."""
    if len(given) > 1 and given[1] is not None:
        return tuple(int(axis) for axis in given[1])
    return tuple(about["axes"]) if "axes" in about else None


def _squeeze(about: Attributes, given: Sequence[Array]) -> list[Array]:
    return [np.squeeze(given[0], _axes(about, given))]


def _unsqueeze(about: Attributes, given: Sequence[Array]) -> list[Array]:
    return [np.expand_dims(given[0], _axes(about, given))]


def _reduced(function: Callable[..., Array]) -> Operator:
    def reduce(about: Attributes, given: Sequence[Array]) -> list[Array]:
        axes = _axes(about, given)
        if axes is None and about.get("noop_with_empty_axes", 0):
            return [given[0]]
        return [function(given[0], axis=axes, keepdims=bool(about.get("keepdims", 1)))]

    return reduce


def _flatten(about: Attributes, given: Sequence[Array]) -> list[Array]:
    axis = about.get("axis", 1)
    rows = int(np.prod(given[0].shape[:axis], dtype=np.int64))
    return [given[0].reshape(rows, -1)]


def _pointwise(about: Attributes, given: Sequence[Array]) -> list[Array]:
    """A convolution whose kernel is one place wide: a product with its weights."""
    x, weights, bias = (*given, None)[:3]
    if about.get("group", 1) != 1 or any(size != 1 for size in weights.shape[2:]):
        raise NoNumpy("a convolution in it has a kernel or groups")
    if any(about.get("pads", ())) or any(step != 1 for step in about.get("strides", ())):
        raise NoNumpy("a convolution in it has pads or strides")
    flat = x.reshape(*x.shape[:2], -1)
    made = np.matmul(weights.reshape(weights.shape[:2]), flat)
    made = made if bias is None else made + bias[:, None]
    return [made.reshape(x.shape[0], weights.shape[0], *x.shape[2:])]


def _clip(about: Attributes, given: Sequence[Array]) -> list[Array]:
    x, low, high = (*given, None, None)[:3]
    return [x if low is None and high is None else np.clip(x, low, high)]


def _largest(about: Attributes, given: Sequence[Array]) -> list[Array]:
    axis, keep = about.get("axis", 0), bool(about.get("keepdims", 1))
    found = np.argmax(given[0], axis=axis)
    return [np.expand_dims(found, axis) if keep else found]


def _top(about: Attributes, given: Sequence[Array]) -> list[Array]:
    """The first of equal values comes first."""
    x, axis, count = given[0], about.get("axis", -1), int(np.ravel(given[1])[0])
    ranked = np.argsort(-x if about.get("largest", 1) else x, axis=axis, kind="stable")
    places = np.take(ranked, np.arange(count), axis=axis)
    return [np.take_along_axis(x, places, axis=axis), places]


def _gather(about: Attributes, given: Sequence[Array]) -> list[Array]:
    return [np.take(given[0], given[1], axis=about.get("axis", 0))]


def _gather_elements(about: Attributes, given: Sequence[Array]) -> list[Array]:
    """As the standard has it: the indices may be fewer than the data along every axis."""
    x, places, axis = given[0], given[1], about.get("axis", 0) % given[0].ndim
    where = list(np.indices(places.shape))
    where[axis] = places
    return [x[tuple(where)]]


def _cast(about: Attributes, given: Sequence[Array]) -> list[Array]:
    return [given[0].astype(about["to"])]


def _divided(x: Array, by: Array) -> Array:
    if np.issubdtype(x.dtype, np.integer):
        return (np.sign(x) * np.sign(by) * (np.abs(x) // np.abs(by))).astype(x.dtype)
    return x / by


OPERATORS: dict[str, Operator] = {
    "Abs": _plain(np.abs),
    "Add": _plain(np.add),
    "And": _plain(np.logical_and),
    "ArgMax": _largest,
    "Cast": _cast,
    "Ceil": _plain(np.ceil),
    "Clip": _clip,
    "Concat": lambda about, given: [np.concatenate(given, axis=about["axis"])],
    "Conv": _pointwise,
    "Div": _plain(_divided),
    "Equal": _plain(np.equal),
    "Exp": _plain(np.exp),
    "Expand": lambda about, given: [given[0] * np.ones(tuple(given[1]), given[0].dtype)],
    "Flatten": _flatten,
    "Floor": _plain(np.floor),
    "Gather": _gather,
    "GatherElements": _gather_elements,
    "Greater": _plain(np.greater),
    "GreaterOrEqual": _plain(np.greater_equal),
    "Identity": _plain(lambda x: x),
    "Less": _plain(np.less),
    "LessOrEqual": _plain(np.less_equal),
    "Log": _plain(np.log),
    "MatMul": _plain(np.matmul),
    "Max": _plain(lambda *given: np.maximum.reduce(np.broadcast_arrays(*given))),
    "Min": _plain(lambda *given: np.minimum.reduce(np.broadcast_arrays(*given))),
    "Mul": _plain(np.multiply),
    "Neg": _plain(np.negative),
    "Not": _plain(np.logical_not),
    "Or": _plain(np.logical_or),
    "Pow": _plain(lambda x, by: np.power(x, by).astype(x.dtype)),
    "ReduceMax": _reduced(np.max),
    "ReduceMean": _reduced(np.mean),
    "ReduceMin": _reduced(np.min),
    "ReduceSum": _reduced(np.sum),
    "Relu": _plain(lambda x: np.maximum(x, 0)),
    "Reshape": _reshape,
    "Sigmoid": _plain(_sigmoid),
    "Slice": _slice,
    "Softmax": _softmax,
    "Split": _split,
    "Sqrt": _plain(np.sqrt),
    "Squeeze": _squeeze,
    "Sub": _plain(np.subtract),
    "Tanh": _plain(np.tanh),
    "Tile": lambda about, given: [np.tile(given[0], tuple(given[1]))],
    "TopK": _top,
    "Transpose": lambda about, given: [np.transpose(given[0], about.get("perm"))],
    "Unsqueeze": _unsqueeze,
    "Where": _plain(np.where),
}
