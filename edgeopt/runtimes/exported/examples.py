"""Example inputs for a program that was read without its own: PyTorch checks guards by them."""

from __future__ import annotations

from typing import Any

PACKAGES = ("torch",)


def stand_in(program: Any) -> tuple:
    """(args, kwargs) as the program takes them: zeros of the shapes that it was exported with."""
    import torch

    values = {node.name: node.meta.get("val") for node in program.graph.nodes}
    kind = torch.export.graph_signature.InputKind.USER_INPUT
    specs = [spec for spec in program.graph_signature.input_specs if spec.kind == kind]
    leaves = [_value(spec.arg, values.get(spec.arg.name)) for spec in specs]
    return torch.utils._pytree.tree_unflatten(leaves, program.call_spec.in_spec)


def _value(argument: Any, value: Any) -> Any:
    import torch

    if not isinstance(value, torch.Tensor):
        return getattr(argument, "value", _size(value))
    shape = [_size(size) for size in value.shape]
    return torch.zeros((), dtype=value.dtype).expand(shape)


def _size(size: Any) -> Any:
    """A number as it is, an open one as it was exported."""
    return size.node.hint if hasattr(size, "node") else size
