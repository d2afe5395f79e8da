"""Rewrites of an ONNX graph, in place, of what quantizers take wrongly; it computes the same.

ONNX Runtime's quantizer gives a shared bias and a quantized tensor new names without a look at
those that are taken (onnxruntime#24705), one set of scales to a table that two kinds of operators
read along different axes, and Gemm's bias neither its factors nor the length of its output.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import onnx

#: Behind the name of what got another one.
OWN = "/own"

#: What quantizers put behind the name of a tensor or a node for those that they add.
_ADDED = re.compile(r"(_[A-Za-z]*[Qq]uantize[a-z]*(Linear)?\w*|_(\w+_)?(scale|zero_point)\w*)$")


def prepare(model: onnx.ModelProto) -> None:
    """All of them. No operator is added or taken away, so that their numbers stay."""
    for step in (plain_gemms, own_biases, own_tables, free_names, _read_constants):
        step(model)


def plain_gemms(model: onnx.ModelProto) -> None:
    """Gemm without factors, and with a bias of one value for each output."""
    constants = _constants(model)
    for node in model.graph.node:
        if node.op_type != "Gemm" or node.input[1] not in constants:
            continue
        about = {a.name: a for a in node.attribute}
        weights = _array(constants[node.input[1]])
        width = weights.shape[0 if "transB" in about and about["transB"].i else 1]
        biased = len(node.input) > 2 and bool(node.input[2])
        if biased and node.input[2] not in constants:
            continue
        alpha, beta = (about[n].f if n in about else 1.0 for n in ("alpha", "beta"))
        if alpha != 1.0:
            node.input[1] = _with(model, node.input[1], (weights * alpha).astype(weights.dtype))
        if biased:
            _plain_bias(model, node, _array(constants[node.input[2]]), width, beta)
        kept = [a for a in node.attribute if a.name not in ("alpha", "beta")]
        del node.attribute[:]
        node.attribute.extend(kept)


def _plain_bias(
    model: onnx.ModelProto, node: onnx.NodeProto, bias: np.ndarray, width: int, beta: float
) -> None:
    by_row = bias.ndim == 2 and bias.shape[0] > 1  # one value for each row: no bias of an output
    if (beta == 1.0 and bias.shape == (width,)) or by_row:
        return
    whole = np.broadcast_to(bias.reshape(-1) * beta, (width,)).astype(bias.dtype)
    node.input[2] = _with(model, node.input[2], whole)


def own_biases(model: onnx.ModelProto) -> None:
    """A bias of its own for every Conv, ConvTranspose and Gemm."""
    _apart(model, lambda node, place: node.output[0] if _is_bias(node, place) else "other")


def own_tables(model: onnx.ModelProto) -> None:
    """A table for each way to read it: looked up, multiplied, or multiplied turned."""
    _apart(model, _role)


def _is_bias(node: onnx.NodeProto, place: int) -> bool:
    return place == 2 and node.op_type in ("Conv", "ConvTranspose", "Gemm")


def _role(node: onnx.NodeProto, place: int) -> str:
    turned = any(a.name == "transB" and a.i for a in node.attribute)
    return f"{node.op_type}:{place}:{turned}"


def _apart(model: onnx.ModelProto, role: Callable[[Any, int], str]) -> None:
    """Another copy of a float constant for each further role that it has."""
    import onnx

    constants = _constants(model)
    roles: dict[str, dict[str, str]] = {}
    for node in model.graph.node:
        for place, name in enumerate(node.input):
            tensor = constants.get(name)
            if tensor is None or tensor.data_type != onnx.TensorProto.FLOAT or not tensor.dims:
                continue
            known = roles.setdefault(name, {})
            key = role(node, place)
            if key not in known:
                known[key] = _with(model, name, _array(tensor)) if known else name
            node.input[place] = known[key]


def free_names(model: onnx.ModelProto) -> None:
    """No inner tensor whose name a quantizer may give to one that it adds."""
    graph = model.graph
    outside = {value.name for value in (*graph.input, *graph.output)}
    taken = _names(model) | outside | {node.name for node in graph.node}
    renamed: dict[str, str] = {}
    for name in sorted(taken):
        stem = _ADDED.sub("", name)
        if stem == name or stem not in taken:
            continue
        wanted = stem if name in outside else name
        if wanted not in outside:
            renamed[wanted] = _free(f"{wanted}{OWN}", taken)
            taken.add(renamed[wanted])
    if renamed and not _has_subgraphs(graph):
        _rename(graph, renamed)


def _read_constants(model: onnx.ModelProto) -> None:
    """Only those that are read: one that was replaced would stay in the file."""
    graph = model.graph
    if _has_subgraphs(graph):
        return
    read = {name for node in graph.node for name in node.input}
    read |= {value.name for value in graph.output}
    kept = [tensor for tensor in graph.initializer if tensor.name in read]
    if len(kept) < len(graph.initializer):
        del graph.initializer[:]
        graph.initializer.extend(kept)


def _has_subgraphs(graph: Any) -> bool:
    return any(a.HasField("g") for node in graph.node for a in node.attribute)


def _rename(graph: Any, renamed: dict[str, str]) -> None:
    for node in graph.node:
        for names in (node.input, node.output):
            names[:] = [renamed.get(name, name) for name in names]
    for value in (*graph.initializer, *graph.value_info):
        value.name = renamed.get(value.name, value.name)


def _names(model: onnx.ModelProto) -> set[str]:
    graph = model.graph
    inner: Iterable[str] = (n for node in graph.node for n in (*node.input, *node.output))
    return {*inner, *(tensor.name for tensor in graph.initializer)} - {""}


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "'"
    return name


def _constants(model: onnx.ModelProto) -> dict[str, onnx.TensorProto]:
    return {tensor.name: tensor for tensor in model.graph.initializer}


def _array(tensor: onnx.TensorProto) -> np.ndarray:
    from onnx import numpy_helper

    return np.asarray(numpy_helper.to_array(tensor))


def _with(model: onnx.ModelProto, name: str, array: np.ndarray) -> str:
    """Add a constant under a name like another one's; returns it."""
    from onnx import numpy_helper

    made = _free(f"{name}{OWN}", _names(model))
    model.graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(array), made))
    return made
