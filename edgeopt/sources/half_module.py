"""Half-precision PyTorch programs (float16, bfloat16), widened to float32 once.

See `half_precision`: the program that others start from has no float16 under another name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


def found(module: torch.nn.Module) -> str:
    """ "float16", "bfloat16" or both, where weights or what the graph names is of that type."""
    import torch

    halves = {torch.float16: "float16", torch.bfloat16: "bfloat16"}
    named = {halves[t.dtype] for t in _tensors(module) if t.dtype in halves}
    for node in _nodes(module):
        value = node.meta.get("val")
        if isinstance(value, torch.Tensor) and value.dtype in halves:
            named.add(halves[value.dtype])
    return " and ".join(sorted(named))


def widen(module: torch.nn.Module) -> str:
    """Make float32 of every half-precision weight and of every type that the graph names, in place.

    Returns:
        What was found ("float16"), "" where there is none.
    """
    import torch

    named = found(module)
    if not named:
        return ""
    module.to(torch.float32)
    for part in _graphs(module):
        for node in part.graph.nodes:
            node.args, node.kwargs = _wide(node.args), _wide(node.kwargs)
        part.recompile()
    return named


def export(
    module: torch.nn.Module, tensors: tuple[torch.Tensor, ...]
) -> tuple[torch.export.ExportedProgram, tuple[torch.Tensor, ...], str]:
    """A module as a program of float32, what it takes then, and what was found (see `widen`).

    Raises:
        Exception: PyTorch's own, where it cannot export the module.
    """
    import torch

    named = widen(module)
    if named:
        halves = (torch.float16, torch.bfloat16)
        tensors = tuple(t.float() if t.dtype in halves else t for t in tensors)
    program = torch.export.export(module, tensors)
    inner = program.module()  # what `forward` itself made half shows here
    more = widen(inner)
    return (torch.export.export(inner, tensors) if more else program), tensors, named or more


def dtype(name: str) -> str:
    """The element type that a widened program takes in place of its own."""
    return "float32" if name in ("float16", "bfloat16") else name


def _tensors(module: torch.nn.Module) -> list[torch.Tensor]:
    return [*module.parameters(), *module.buffers()]


def _graphs(module: torch.nn.Module) -> list[Any]:
    import torch

    return [part for part in module.modules() if isinstance(part, torch.fx.GraphModule)]


def _nodes(module: torch.nn.Module) -> list[Any]:
    return [node for part in _graphs(module) for node in part.graph.nodes]


def _wide(value: Any) -> Any:
    """Arguments of a node with another element type."""
    import torch

    if isinstance(value, torch.dtype):
        return torch.float32 if value in (torch.float16, torch.bfloat16) else value
    if isinstance(value, (list, tuple)):
        made = [_wide(one) for one in value]
        return tuple(made) if isinstance(value, tuple) else made
    if isinstance(value, dict):
        return {key: _wide(one) for key, one in value.items()}
    return value
