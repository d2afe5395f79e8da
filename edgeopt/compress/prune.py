"""Structured pruning: whole channels, by torch-pruning's dependency graph.

Fang et al. 2023, DepGraph (arXiv:2301.12900): what is cut in one layer is cut in all that depend
on it. Importance: norms (Li et al. 2017, arXiv:1608.08710), the scale of batch norm (Liu et al.
2017, arXiv:1708.06519), weight times gradient (Molchanov et al. 2019, arXiv:1906.10771).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from edgeopt.compress import splits
from edgeopt.compress.rebuild import TIED, parameters
from edgeopt.domain.compression import Prune
from edgeopt.domain.errors import BadInput, EdgeoptError
from edgeopt.jobs.child import first_line
from edgeopt.jobs.told import told

if TYPE_CHECKING:
    import torch
    from torch.fx import GraphModule, Node

#: No layer loses more of its channels than this in one step.
MOST_OF_A_LAYER = 0.8


def prune(
    module: GraphModule,
    example: Sequence[torch.Tensor],
    stage: Prune,
    loss: Callable[[GraphModule], torch.Tensor],
) -> str:
    """Take channels away, in place.

    Args:
        example: one sample of each input, batch first.
        loss: what Taylor's importance takes the gradient of.

    Returns:
        What became of it, in words.

    Raises:
        BadInput: the model cannot be pruned. EdgeoptError: nothing was left to take.
    """
    import torch

    _refuse(module, stage)
    before, shapes = parameters(module), _answers(module, example)
    parted = splits.part(module)
    if stage.importance == "taylor":
        module.zero_grad()
        loss(module).backward()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _pruner()(
                module,
                tuple(example),
                importance=_importance(stage),
                global_pruning=stage.scope == "global",
                pruning_ratio=stage.share,
                max_pruning_ratio=max(MOST_OF_A_LAYER, stage.share),
                round_to=stage.multiple,
                ignored_layers=_fixed(module),
                root_module_types=[torch.nn.modules.conv._ConvNd, torch.nn.Linear],
            ).step()
        splits.join(module, parted)
        after = _answers(module, example)
    except EdgeoptError:
        raise
    except Exception as error:
        otherwise = BadInput(
            f"its channels depend on each other in a way that cannot be cut: {first_line(error)}",
            "A shape written down in the graph is the usual cause.",
        )
        raise told(error, otherwise) from error
    module.zero_grad()
    if after != shapes:
        raise BadInput(f"pruning changed the shape of its answers, from {shapes} to {after}.")
    now = parameters(module)
    if now == before:
        raise EdgeoptError(
            f"no layer has channels to spare at a share of {stage.share:.0%}, in steps of "
            f"{stage.multiple}.",
            "Its layers are as narrow as the target's kernels like them.",
        )
    return f"{before:,} -> {now:,} weights"


def _refuse(module: GraphModule, stage: Prune) -> None:
    import torch

    if module.meta[TIED]:
        raise BadInput(
            f"several of its layers share one weight ({', '.join(module.meta[TIED][:3])}): "
            "channels of one would be cut out of the other.",
            "Export it with weights of their own, or leave the pruning out.",
        )
    kinds = [type(layer) for layer in module.modules()]
    if not any(issubclass(kind, torch.nn.modules.conv._ConvNd | torch.nn.Linear) for kind in kinds):
        raise BadInput("it has no convolution and no linear layer that could be pruned.")
    norms = torch.nn.modules.batchnorm._BatchNorm
    if stage.importance == "bn-scale" and not any(issubclass(kind, norms) for kind in kinds):
        raise BadInput(
            "it has no batch norm whose scale could tell what matters (folded, perhaps).",
            "Use the importance l1, l2 or taylor.",
        )


def rounded(taken: int, channels: int, multiple: int) -> int:
    """How many of so many channels go, so that a multiple stays: the nearest, and never none."""
    kept = max(multiple, round((channels - taken) / multiple) * multiple)
    return max(channels - kept, 0)


def _pruner() -> Any:
    """torch-pruning's pruner; its own rounding goes down, and to no channel at all."""
    import torch_pruning

    class Pruner(torch_pruning.BasePruner):
        """See above."""

        def _round_to(self, n_pruned: int, current_channels: int, round_to: int) -> int:
            return rounded(n_pruned, current_channels, round_to)

    return Pruner


def _importance(stage: Prune) -> Any:
    from torch_pruning import importance

    if stage.importance == "taylor":
        return importance.GroupTaylorImportance()
    if stage.importance == "bn-scale":
        return importance.BNScaleImportance()
    return importance.GroupMagnitudeImportance(p=1 if stage.importance == "l1" else 2)


def _answers(module: GraphModule, example: Sequence[torch.Tensor]) -> list[tuple[int, ...]]:
    import torch

    from edgeopt.runtimes.torch import flat

    with torch.no_grad():
        return [tuple(tensor.shape) for tensor in flat(module(*example))]


def _fixed(module: GraphModule) -> list[torch.nn.Module]:
    """Layers whose channels must stay: the outputs are theirs, or a shape that is written down."""
    import torch

    layers: dict[str, torch.nn.Module] = dict(module.named_modules())
    shaped = (torch.ops.aten.view.default, torch.ops.aten.reshape.default)
    found: dict[str, torch.nn.Module] = {}
    seen: set[Node] = set()
    waiting = [
        source
        for node in module.graph.nodes
        if node.op == "output" or node.target in shaped
        for source in node.all_input_nodes
    ]
    while waiting:
        node = waiting.pop()
        if node in seen:
            continue
        seen.add(node)
        layer = layers.get(str(node.target)) if node.op == "call_module" else None
        depthwise = getattr(layer, "groups", 1) > 1
        if isinstance(layer, torch.nn.modules.conv._ConvNd | torch.nn.Linear):
            found[str(node.target)] = layer
            if not depthwise:  # its channels are those of what comes before
                continue
        waiting += node.all_input_nodes
    return list(found.values())
