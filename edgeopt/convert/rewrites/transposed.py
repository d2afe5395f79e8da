"""ConvTranspose without output_padding, computed padding and groups.

onnx2tf 2.6.9 drops `output_padding` and has no form of groups. The whole product is computed,
and what the padding takes away or adds is cut off or filled with what the bias alone gives.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeopt.convert.rewrites.editor import Editor, attributes, input_of, node


@dataclass(frozen=True)
class _Sides:
    """One number for each spatial axis: of the whole product, what is kept of it, and where."""

    whole: tuple[int, ...]
    first: tuple[int, ...]
    kept: tuple[int, ...]

    @property
    def missing(self) -> list[int]:
        """What the output has beyond the whole product."""
        ends = zip(self.first, self.kept, self.whole, strict=True)
        return [max(0, first + kept - whole) for first, kept, whole in ends]


def apply(editor: Editor) -> int:
    """Rewrite those that need it."""
    return editor.replace(lambda one: _plain(one, editor) if _needs(one) else None)


def _needs(one: Any) -> bool:
    if one.op_type != "ConvTranspose":
        return False
    about = attributes(one)
    computed = about.get("auto_pad", "NOTSET").startswith("SAME") or "output_shape" in about
    return computed or any(about.get("output_padding", ())) or about.get("group", 1) > 1


def _plain(one: Any, editor: Editor) -> list[Any]:
    about = attributes(one)
    sides = _sides(about, editor.shapes[one.input[0]], editor.shapes[one.input[1]])
    groups = about.get("group", 1)
    output, bias = one.output[0], input_of(one, 2)
    kept = {key: about[key] for key in ("strides", "dilations", "kernel_shape") if key in about}
    nodes: list[Any] = []
    value, weights = one.input[0], [one.input[1]]
    values = [value]
    if groups > 1:
        values = _split(nodes, editor, value, groups, axis=1)
        weights = _split_weights(nodes, editor, one.input[1], groups)
    products = [editor.name(output) for _ in range(groups)]
    for given, weight, product in zip(values, weights, products, strict=True):
        nodes.append(node("ConvTranspose", [given, weight], product, **kept))
    current = products[0]
    if groups > 1:
        current = editor.name(output)
        nodes.append(node("Concat", products, current, axis=1))
    current = _cut(nodes, editor, current, sides)
    if bias:
        current = _added(nodes, editor, current, bias, len(sides.kept))
    nodes[-1].output[0] = output
    return nodes


def _sides(about: dict[str, Any], given: tuple[int, ...], weights: tuple[int, ...]) -> _Sides:
    """See https://onnx.ai/onnx/operators/onnx__ConvTranspose.html for the formulas."""
    count = len(given) - 2
    ones, zeros = [1] * count, [0] * count
    strides, dilations = about.get("strides", ones), about.get("dilations", ones)
    more, pads = about.get("output_padding", zeros), about.get("pads", zeros * 2)
    whole = [
        step * (side - 1) + (size - 1) * apart + 1
        for side, size, step, apart in zip(given[2:], weights[2:], strides, dilations, strict=True)
    ]
    how, wanted = about.get("auto_pad", "NOTSET"), about.get("output_shape")
    if wanted is None and how.startswith("SAME"):
        wanted = [side * step for side, step in zip(given[2:], strides, strict=True)]
    if wanted is None:
        first = list(pads[:count])
        kept = [
            size + extra - before - after
            for size, extra, before, after in zip(
                whole, more, pads[:count], pads[count:], strict=True
            )
        ]
        return _Sides(tuple(whole), tuple(first), tuple(kept))
    kept = list(wanted)[-count:]
    total = [size + extra - left for size, extra, left in zip(whole, more, kept, strict=True)]
    first = [one // 2 if how == "SAME_UPPER" else one - one // 2 for one in total]
    return _Sides(tuple(whole), tuple(first), tuple(kept))


def _split(nodes: list[Any], editor: Editor, value: str, groups: int, axis: int) -> list[str]:
    from onnx import helper

    size = editor.shapes[value][axis] // groups
    names = [editor.name(value) for _ in range(groups)]
    sizes = editor.integers([size] * groups, value)
    nodes.append(helper.make_node("Split", [value, sizes], names, name=names[0], axis=axis))
    return names


def _split_weights(nodes: list[Any], editor: Editor, weights: str, groups: int) -> list[str]:
    if weights not in editor.constants:
        return _split(nodes, editor, weights, groups, axis=0)
    parts = np.split(editor.constants[weights], groups, axis=0)
    return [editor.constant(np.ascontiguousarray(part), weights) for part in parts]


def _cut(nodes: list[Any], editor: Editor, value: str, sides: _Sides) -> str:
    count = len(sides.kept)
    if any(sides.missing):
        longer = editor.name(value)
        pads = editor.integers([0] * (2 + count) + [0, 0, *sides.missing], value)
        nodes.append(node("Pad", [value, pads], longer, mode="constant"))
        value = longer
    if any(sides.first) or any(
        first + kept < whole
        for first, kept, whole in zip(sides.first, sides.kept, sides.whole, strict=True)
    ):
        ends = [first + kept for first, kept in zip(sides.first, sides.kept, strict=True)]
        bounds = [
            editor.integers(numbers, value)
            for numbers in (sides.first, ends, range(2, 2 + count), [1] * count)
        ]
        shorter = editor.name(value)
        nodes.append(node("Slice", [value, *bounds], shorter))
        value = shorter
    return value


def _added(nodes: list[Any], editor: Editor, value: str, bias: str, count: int) -> str:
    result = editor.name(value)
    if bias in editor.constants:
        column = editor.constant(editor.constants[bias].reshape(1, -1, *[1] * count), bias)
    else:
        column = editor.name(bias)
        shape = editor.integers([1, -1, *[1] * count], bias)
        nodes.append(node("Reshape", [bias, shape], column))
    nodes.append(node("Add", [value, column], result))
    return result
