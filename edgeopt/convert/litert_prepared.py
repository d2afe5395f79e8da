"""A LiteRT file as AI Edge Quantizer takes it, and the recipes that leave operators out.

Its quantizer wants a constant to have as many axes as what it is compared with or put around
(MAXIMUM, PADV2, ...: else "Ranks of scales (5) and zps (5) must be the same as the tensor rank"),
and its calibration reads every tensor, but a variable that nothing ever writes, or what nobody
computes, has no values to read ("Tensor data is null").
"""

from __future__ import annotations

import copy
import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edgeopt.convert import tflite_plain

#: Those whose operands take over the scale of their output.
_OF_ONE_SCALE = ("MAXIMUM", "MINIMUM", "PADV2", "SELECT", "SELECT_V2")

#: Those that read a variable and write none.
_MAY_WRITE = re.compile(r"LSTM|RNN|SVDF|VARIABLE|CALL|IF|WHILE|CUSTOM")


def write(source: Path, target: Path) -> Path:
    """Write the prepared file; returns its path, or the source's where nothing is to be done."""
    from ai_edge_litert import schema_py_generated as schema
    from ai_edge_litert.tools import flatbuffer_utils

    kinds = {code: name for name, code in vars(schema.BuiltinOperator).items() if name.isupper()}
    model = flatbuffer_utils.read_model(str(source))
    changed = False
    for graph in model.subgraphs:
        changed |= _without_dead_ends(graph, model)
        typed = [(_kind(model, op, kinds), op) for op in graph.operators]
        changed |= _full_ranks(model, graph, typed, schema)
        changed |= _constant_states(model, graph, typed, schema)
    if changed:
        flatbuffer_utils.write_model(model, str(target))
    return target if changed else source


def _kind(model: Any, op: Any, kinds: dict[int, str]) -> str:
    code = model.operatorCodes[op.opcodeIndex]
    return kinds.get(max(code.builtinCode, code.deprecatedBuiltinCode), "CUSTOM")


def _without_dead_ends(graph: Any, model: Any) -> bool:
    """Operators whose results nobody reads are not computed: there is nothing to calibrate."""
    changed = False
    while True:
        read = {int(i) for op in graph.operators for i in op.inputs} | set(map(int, graph.outputs))
        dead = [op for op in graph.operators if _is_dead(op, read)]
        if not dead:
            return changed
        graph.operators = [op for op in graph.operators if not any(op is one for one in dead)]
        tflite_plain.remove(model, graph, {int(i) for op in dead for i in op.outputs})
        changed = True


def _is_dead(op: Any, read: set[int]) -> bool:
    return len(op.outputs) > 0 and not any(int(index) in read for index in op.outputs)


def _full_ranks(model: Any, graph: Any, typed: list[tuple[str, Any]], schema: Any) -> bool:
    changed = False
    for kind, op in typed:
        if kind not in _OF_ONE_SCALE:
            continue
        rank = len(graph.tensors[op.outputs[0]].shape)
        for place, index in enumerate(op.inputs):
            tensor = graph.tensors[index]
            shape = [] if tensor.shape is None else [int(dim) for dim in tensor.shape]
            constant = tensor.type == schema.TensorType.FLOAT32 and _bytes(model, tensor)
            if constant and len(shape) < rank:
                new = copy.copy(tensor)
                new.shape = np.array([1] * (rank - len(shape)) + shape, np.int32)
                new.name = b"%s/rank%d" % (tensor.name, rank)
                # Not the same bytes: those of what has no reader stay 32-bit.
                new.buffer = len(model.buffers)
                model.buffers.append(copy.copy(model.buffers[tensor.buffer]))
                graph.tensors.append(new)
                op.inputs[place] = len(graph.tensors) - 1
                changed = True
    return changed


def _constant_states(model: Any, graph: Any, typed: list[tuple[str, Any]], schema: Any) -> bool:
    """Variables that no operator writes are zeros for ever: make them constants."""
    kept = {i for kind, op in typed if _MAY_WRITE.search(kind) for i in op.inputs}
    made = {i for _, op in typed for i in op.outputs}
    changed = False
    for index, tensor in enumerate(graph.tensors):
        floats = tensor.type == schema.TensorType.FLOAT32
        if tensor.isVariable and floats and index not in kept and index not in made:
            buffer = schema.BufferT()
            buffer.data = np.zeros(4 * int(np.prod(tensor.shape)), np.uint8)
            tensor.buffer, tensor.isVariable = len(model.buffers), False
            model.buffers.append(buffer)
            changed = True
    return changed


def _bytes(model: Any, tensor: Any) -> bool:
    data = model.buffers[tensor.buffer].data
    return data is not None and len(data) > 0


def without(recipe: Sequence[dict[str, Any]], names: Collection[str]) -> list[dict[str, Any]]:
    """A recipe of the quantizer that leaves operators in float, by `Operator.name`."""
    from ai_edge_quantizer import algorithm_manager, qtyping, recipe_manager

    if not names:
        return list(recipe)
    manager = recipe_manager.RecipeManager()
    manager.load_quantization_recipe(list(recipe))
    manager.add_quantization_config(
        scope(names),
        qtyping.TFLOperationName.ALL_SUPPORTED,
        algorithm_key=algorithm_manager.AlgorithmName.NO_QUANTIZE,
    )
    return list(manager.get_quantization_recipe())


def scope(names: Collection[str]) -> str:
    """What matches these operators and no other."""
    return f"^(?:{'|'.join(re.escape(name) for name in names)})$"
