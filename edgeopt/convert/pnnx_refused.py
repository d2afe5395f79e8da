"""What pnnx writes without a complaint although ncnn would not compute it, or something else."""

from __future__ import annotations

import re

from edgeopt.domain.errors import EdgeoptError
from edgeopt.sources.source import Source

#: Operators that ncnn does have layers for: where pnnx leaves one, something about it is unusual.
_USUAL = ("Conv", "ConvTranspose", "Gemm", "MatMul", "BatchNormalization", "PRelu")


def foreign(text: str, source: Source) -> None:
    """pnnx leaves what ncnn has no layer for under another name.

    Raises:
        EdgeoptError: it did.
    """
    import ncnn

    kinds = {line.split()[0] for line in text.splitlines()[2:] if line.strip()}
    left = sorted(kind for kind in kinds if ncnn.layer_to_index(kind) < 0)
    usual = [kind for kind in left if kind in _USUAL]
    if usual:
        names, how = ", ".join(usual), _how(usual, source)
        raise EdgeoptError(
            f"pnnx has no ncnn form of {names} as this model has it{how}.",
            "ncnn has such layers for 32-bit floats with constant weights.",
        )
    if left:
        raise EdgeoptError(f"pnnx has no ncnn form of {', '.join(left)}.")


def _how(kinds: list[str], source: Source) -> str:
    """What is unusual about a source's operators with weights, in brackets; "" where not seen."""
    if source.onnx is None:
        return ""
    import onnx

    graph = onnx.load(source.onnx).graph
    types = {tensor.name: tensor.data_type for tensor in graph.initializer}
    read = [node.input[1] for node in graph.node if node.op_type in kinds and len(node.input) > 1]
    if any(name not in types for name in read):
        return " (its weights are computed)"
    others = {types[name] for name in read} - {onnx.TensorProto.FLOAT}
    names = sorted(onnx.TensorProto.DataType.Name(kind).lower() for kind in others)
    return f" (its weights are {', '.join(names)})" if names else ""


#: pnnx says so and goes on, with a layer that computes something else.
_DROPPED = re.compile(r"^ignore (\S+) \S+ param (\w+)=", re.MULTILINE)


def dropped(log: str) -> None:
    """Refuse layers of ncnn's that pnnx has made without parameters of theirs.

    Raises:
        EdgeoptError: there is one.
    """
    found: dict[str, list[str]] = {}
    for kind, parameter in _DROPPED.findall(log):
        found.setdefault(kind, []).append(parameter)
    if found:
        told = "; ".join(f"{', '.join(sorted(set(p)))} of {k}" for k, p in sorted(found.items()))
        raise EdgeoptError(
            f"pnnx drops {told}: what it makes computes something else.",
            "Without that operator, or with one that does the same, ncnn can take it.",
        )


#: A reduction that is not of all (1=0) and lists no axis (-23303=0).
_NO_AXES = re.compile(r"^Reduction\s+(\S+)\s(?=.* 1=0( |$))(?=.* -23303=0( |$))", re.MULTILINE)


def without_axes(text: str) -> None:
    """Refuse reductions whose axis pnnx has lost: it takes one alone in an input for no list.

    Up to opset 17 axes are attributes, and `rewrites.reductions` writes them so, unless the model
    has operators that are newer.

    Raises:
        EdgeoptError: there is one.
    """
    names = [found[1] for found in _NO_AXES.finditer(text)]
    if names:
        raise EdgeoptError(
            f"pnnx drops the axis of {', '.join(names)}: what it makes computes something else.",
            "It reads a single axis as it is written up to opset 17, and something in this model "
            "is newer: export it with opset 17, if it can be.",
        )
