"""Pooling that LiteRT's has no word for: padding that counts, padding of one side, dilation."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

from edgeopt.convert.rewrites.editor import Editor, attributes, node

MOST_SLICES = 64
"""Of one dilated MaxPool: a kernel of 4 x 4 x 4."""


def apply_average(editor: Editor) -> int:
    """AveragePool with padding: zeros, the plain pool, and what makes each mean its own."""
    return editor.replace(lambda one: _average(one, editor) if _is_padded(one) else None)


def apply_uneven_average(editor: Editor) -> int:
    """The same, of padding that differs at the two ends of an axis."""
    return editor.replace(lambda one: _average(one, editor) if _is_uneven(one) else None)


def _is_uneven(one: Any) -> bool:
    pads = attributes(one).get("pads", [])
    half = len(pads) // 2
    return one.op_type == "AveragePool" and pads[:half] != pads[half:]


def _is_padded(one: Any) -> bool:
    about = attributes(one)
    ends = any(about.get("pads", ())) or about.get("ceil_mode", 0)
    return one.op_type == "AveragePool" and bool(ends)


def _average(one: Any, editor: Editor) -> list[Any]:
    about, output = attributes(one), one.output[0]
    given, made = editor.shapes[one.input[0]], editor.shapes[output]
    before, after = _reach(about, given, made)
    count = len(given) - 2
    pads, padded, mean = (editor.name(output) for _ in range(3))
    pads = editor.integers([0, 0, *before, 0, 0, *after], output)
    kept = {key: about[key] for key in ("strides", "kernel_shape", "dilations") if key in about}
    nodes = [
        node("Pad", [one.input[0], pads], padded, mode="constant"),
        node("AveragePool", [padded], mean, **kept),
    ]
    share = _share(about, given, made)
    if (share == 1).all():
        nodes[-1].output[0] = output
        return nodes
    factor = editor.constant(share.reshape(1, 1, *share.shape).astype(np.float32), output)
    assert share.ndim == count
    return [*nodes, node("Mul", [mean, factor], output)]


def _reach(
    about: dict[str, Any], given: tuple[int, ...], made: tuple[int, ...]
) -> tuple[list[int], list[int]]:
    """Zeros before and behind each axis, so that every window is whole and none is left."""
    count = len(given) - 2
    strides, kernel, dilations = _window(about, count)
    before = list(about.get("pads", [0] * 2 * count)[:count])
    after = [
        max(0, (out - 1) * step + (size - 1) * apart + 1 - side - pad)
        for out, step, size, apart, side, pad in zip(
            made[2:], strides, kernel, dilations, given[2:], before, strict=True
        )
    ]
    return before, after


def _share(about: dict[str, Any], given: tuple[int, ...], made: tuple[int, ...]) -> np.ndarray:
    """Kernel's size over what of it counts, for each place of the output."""
    count = len(given) - 2
    strides, kernel, dilations = _window(about, count)
    pads = about.get("pads", [0] * 2 * count)
    counts = bool(about.get("count_include_pad", 0))
    share = np.ones(())
    for axis in range(count):
        low = -pads[axis] if counts else 0
        high = given[2 + axis] + (pads[count + axis] if counts else 0)
        starts = np.arange(made[2 + axis]) * strides[axis] - pads[axis]
        places = starts[:, None] + np.arange(kernel[axis]) * dilations[axis]
        there = ((places >= low) & (places < high)).sum(axis=1)
        share = share[..., None] * (kernel[axis] / there)
    return share


def _window(about: dict[str, Any], count: int) -> tuple[list[int], list[int], list[int]]:
    ones = [1] * count
    return about.get("strides", ones), about["kernel_shape"], about.get("dilations", ones)


def apply_dilated(editor: Editor) -> int:
    """MaxPool with dilation: a plain one of every n-th value where the strides allow that, else
    the largest of a slice for each place of the kernel.
    """
    return editor.replace(lambda one: _largest(one, editor) if _is_dilated(one) else None)


def _is_dilated(one: Any) -> bool:
    apart = any(step > 1 for step in attributes(one).get("dilations", ()))
    return one.op_type == "MaxPool" and apart and len(one.output) == 1


def _largest(one: Any, editor: Editor) -> list[Any] | None:
    about, output = attributes(one), one.output[0]
    given, made = editor.shapes[one.input[0]], editor.shapes[output]
    strides, kernel, dilations = _window(about, len(given) - 2)
    before, after = _reach(about, given, made)
    value, nodes = one.input[0], []
    if any((*before, *after)):
        value = editor.name(output)
        pads = editor.integers([0, 0, *before, 0, 0, *after], output)
        # Less than any number that a network answers with, and no infinity, which tools refuse.
        least = editor.constant(np.array(np.finfo(np.float32).min, np.float32), output)
        nodes.append(node("Pad", [one.input[0], pads, least], value, mode="constant"))
    whole = [b + side + a for b, side, a in zip(before, given[2:], after, strict=True)]
    if all(step % apart == 0 for step, apart in zip(strides, dilations, strict=True)):
        thin = editor.name(output)
        steps = [step // apart for step, apart in zip(strides, dilations, strict=True)]
        nodes.append(_slice(editor, value, thin, [0] * len(whole), whole, dilations))
        nodes.append(node("MaxPool", [thin], output, kernel_shape=kernel, strides=steps))
        return nodes
    if np.prod(kernel) > MOST_SLICES:
        return None
    return nodes + _of_slices(editor, value, output, made[2:], (strides, kernel, dilations))


def _of_slices(
    editor: Editor,
    value: str,
    output: str,
    made: tuple[int, ...],
    window: tuple[list[int], list[int], list[int]],
) -> list[Any]:
    strides, kernel, dilations = window
    nodes: list[Any] = []
    current = ""
    for place in product(*(range(size) for size in kernel)):
        first = [at * apart for at, apart in zip(place, dilations, strict=True)]
        last = [f + (out - 1) * s + 1 for f, out, s in zip(first, made, strides, strict=True)]
        other = editor.name(output)
        nodes.append(_slice(editor, value, other, first, last, strides))
        if current:
            larger = editor.name(output)
            nodes.append(node("Max", [current, other], larger))
            other = larger
        current = other
    nodes[-1].output[0] = output
    return nodes


def _slice(
    editor: Editor, value: str, output: str, first: list[int], last: list[int], steps: list[int]
) -> Any:
    """Of the spatial axes."""
    axes = range(2, 2 + len(first))
    bounds = [editor.integers(numbers, output) for numbers in (first, last, axes, steps)]
    return node("Slice", [value, *bounds], output)


def apply_strides(editor: Editor) -> int:
    """Pools that leave out their strides, which are 1 then, with them."""
    return editor.replace(_with_strides)


def _with_strides(one: Any) -> list[Any] | None:
    about = attributes(one)
    if one.op_type not in ("AveragePool", "MaxPool") or "strides" in about:
        return None
    strides = [1] * len(about["kernel_shape"])
    made = node(one.op_type, list(one.input), one.output[0], strides=strides, **about)
    made.output.extend(one.output[1:])
    return [made]
