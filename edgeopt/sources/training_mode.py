"""Models exported in training mode: normalization by the sample at hand, as what it computes.

At batch 1 a BatchNormalization in training mode is an InstanceNormalization, which runtimes and
converters know; in training mode they refuse it, or compute with the learned statistics.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edgeopt.domain.errors import BadInput

if TYPE_CHECKING:
    import onnx

#: Spatial axes that a mean of one sample needs; without any, variance is 0 for every sample.
_LEAST_RANK = 3

_HINT = "Export it in evaluation mode: model.eval() before the export."


def graph(model: onnx.ModelProto) -> list[str]:
    """Rewrite an ONNX model with fixed shapes in place; returns warnings.

    Raises:
        BadInput: a normalization of vectors: nothing of one sample is left by it.
    """
    import onnx

    shaped = onnx.shape_inference.infer_shapes(model)
    values = (*shaped.graph.value_info, *shaped.graph.input)
    ranks = {value.name: len(value.type.tensor_type.shape.dim) for value in values}
    read = {name for node in model.graph.node for name in node.input}
    read |= {value.name for value in model.graph.output}
    names = []
    for node in model.graph.node:
        if node.op_type != "BatchNormalization" or not _trains(node):
            continue
        if any(name in read for name in node.output[1:] if name):
            continue  # a model that trains: its statistics are what is wanted
        names.append(node.name or node.output[0])
        _require_axes(ranks.get(node.input[0], _LEAST_RANK), names[-1])
        epsilon = next((a.f for a in node.attribute if a.name == "epsilon"), 1e-5)
        normal = onnx.helper.make_node(
            "InstanceNormalization", node.input[:3], node.output[:1], node.name, epsilon=epsilon
        )
        node.CopyFrom(normal)
    return _warnings(names)


def _trains(node: onnx.NodeProto) -> bool:
    """Before opset 14, outputs beside the first said so."""
    said = any(a.name == "training_mode" and a.i for a in node.attribute)
    return said or sum(1 for name in node.output if name) > 1


def program(module: Any) -> list[str]:
    """The same for the graph of a PyTorch program, in place."""
    import torch

    if not isinstance(module, torch.fx.GraphModule):
        return []
    aten = torch.ops.aten
    names = []
    for node in list(module.graph.nodes):
        if node.target is not aten.batch_norm.default or not node.args[5]:
            continue
        names.append(node.name)
        value = node.args[0].meta.get("val")
        _require_axes(_LEAST_RANK if value is None else value.ndim, node.name)
        x, weight, bias, _, _, _, momentum, epsilon, fast = node.args
        node.target = aten.instance_norm.default
        node.args = (x, weight, bias, None, None, True, momentum, epsilon, fast)
    if names:
        _forget_counts(module)
    return _warnings(names)


def _forget_counts(module: Any) -> None:
    """Leave out the count of batches, which a program in training mode keeps."""
    import torch

    for node in list(module.graph.nodes):
        counts = node.target is torch.ops.aten.add_.Tensor and not node.users
        if counts and "num_batches_tracked" in str(getattr(node.args[0], "target", "")):
            module.graph.erase_node(node)
    module.graph.eliminate_dead_code()
    module.recompile()


def _require_axes(rank: int, name: str) -> None:
    if rank < _LEAST_RANK:
        raise BadInput(
            f"it was exported in training mode: the normalization {name!r} works with the mean and "
            "variance of a batch, and of one sample nothing is left then.",
            _HINT,
        )


def _warnings(names: list[str]) -> list[str]:
    if not names:
        return []
    what = f"{len(names)} batch normalizations" if len(names) > 1 else "a batch normalization"
    return [
        f"the model is in training mode: {what} of it ({', '.join(names[:3])}) "
        f"work{'s' if len(names) == 1 else ''} with the mean and variance of each single sample, "
        f"not with those that training learned, and so does what is made here. {_HINT}"
    ]
