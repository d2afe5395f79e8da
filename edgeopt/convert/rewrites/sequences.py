"""Sequences whose places are constants: which tensor is taken out of them is known beforehand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from edgeopt.convert.rewrites.editor import Editor, attributes, input_of, node

#: A sequence -> the tensors in it.
_Held = dict[str, list[str]]


class _OpenError(Exception):
    """A place, a length or a sequence that only running the model tells."""


def apply(editor: Editor) -> int:
    """Replace all operators on sequences; none where one of them stays open."""
    held: _Held = {}
    count = sum(one.op_type in _READ for one in editor.model.graph.node)
    if not count:
        return 0
    try:
        return editor.replace(
            lambda one: _READ[one.op_type](one, editor, held) if one.op_type in _READ else None
        )
    except (_OpenError, KeyError, IndexError):
        return 0


def _place(one: Any, index: int, editor: Editor, default: int) -> int:
    name = input_of(one, index)
    if not name:
        return default
    if name not in editor.constants:
        raise _OpenError
    return int(editor.constants[name].reshape(()))


def _empty(one: Any, editor: Editor, held: _Held) -> list[Any]:
    held[one.output[0]] = []
    return []


def _construct(one: Any, editor: Editor, held: _Held) -> list[Any]:
    held[one.output[0]] = list(one.input)
    return []


def _insert(one: Any, editor: Editor, held: _Held) -> list[Any]:
    before = held[one.input[0]]
    at = _place(one, 2, editor, len(before))
    after = list(before)
    after.insert(at if at >= 0 else len(before) + at, one.input[1])
    held[one.output[0]] = after
    return []


def _erase(one: Any, editor: Editor, held: _Held) -> list[Any]:
    after = list(held[one.input[0]])
    del after[_place(one, 1, editor, -1)]
    held[one.output[0]] = after
    return []


def _at(one: Any, editor: Editor, held: _Held) -> list[Any]:
    chosen = held[one.input[0]][_place(one, 1, editor, 0)]
    return [node("Identity", [chosen], one.output[0])]


def _length(one: Any, editor: Editor, held: _Held) -> list[Any]:
    count = editor.constant(np.array(len(held[one.input[0]]), np.int64), one.output[0])
    return [node("Identity", [count], one.output[0])]


def _split(one: Any, editor: Editor, held: _Held) -> list[Any]:
    from onnx import helper

    about, value, output = attributes(one), one.input[0], one.output[0]
    axis = about.get("axis", 0)
    count, splits = _splits(one, editor, axis)
    parts = [editor.name(output) for _ in range(count)]
    nodes = [helper.make_node("Split", [value, splits], parts, name=output, axis=axis)]
    if not input_of(one, 1) and not about.get("keepdims", 1):
        axes = editor.integers([axis], output)
        whole, parts = parts, [editor.name(output) for _ in parts]
        nodes += [
            node("Squeeze", [part, axes], flat) for part, flat in zip(whole, parts, strict=True)
        ]
    held[output] = parts
    return nodes


def _splits(one: Any, editor: Editor, axis: int) -> tuple[int, str]:
    """How many parts there are, and the tensor with their sizes."""
    given, output = input_of(one, 1), one.output[0]
    if given and given not in editor.constants:
        if len(editor.shapes[given]) != 1:
            raise _OpenError
        return editor.shapes[given][0], given
    side = editor.shapes[one.input[0]][axis]
    said = editor.constants[given] if given else np.array(1)
    if said.ndim:
        return len(said), given
    whole, rest = divmod(side, int(said))
    sizes = [int(said)] * whole + ([rest] if rest else [])
    return len(sizes), editor.integers(sizes, output)


def _concat(one: Any, editor: Editor, held: _Held) -> list[Any]:
    about, output = attributes(one), one.output[0]
    parts, nodes = list(held[one.input[0]]), []
    if about.get("new_axis", 0):
        axes = editor.integers([about["axis"]], output)
        flat, parts = parts, [editor.name(output) for _ in parts]
        nodes = [
            node("Unsqueeze", [one, axes], part) for one, part in zip(flat, parts, strict=True)
        ]
    return [*nodes, node("Concat", parts, output, axis=about["axis"])]


_READ: dict[str, Callable[[Any, Editor, _Held], list[Any]]] = {
    "SequenceEmpty": _empty,
    "SequenceConstruct": _construct,
    "SequenceInsert": _insert,
    "SequenceErase": _erase,
    "SequenceAt": _at,
    "SequenceLength": _length,
    "SplitToSequence": _split,
    "ConcatFromSequence": _concat,
}
