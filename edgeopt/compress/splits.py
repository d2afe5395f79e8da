"""A layer whose channels are split at once, as a layer for each part: these are pruned apart.

YOLOv8's C2f and its like give one half of a convolution's channels to further layers and keep the
other. torch-pruning cannot follow channels through a split, and parts that lose unlike numbers of
them need sizes of their own. So such a layer, its batch norm and its activation are cut up before
the pruning and joined behind it, with the sizes that are left.
"""

from __future__ import annotations

import copy
import itertools
import operator
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from torch.fx import GraphModule, Node

Chains = tuple[tuple["Node", ...], ...]

CHANNELS = 1

#: What a layer or batch norm has for each channel.
_BY_CHANNEL = ("weight", "bias", "running_mean", "running_var")


def part(module: GraphModule) -> list[Chains]:
    """Cut up every layer that is split, in place; the answers stay as they are.

    Returns:
        For each split its parts: the nodes of each in order, the convolution first.
    """
    found = []
    for node in list(module.graph.nodes):
        sizes = _sizes(node)
        chain = _chain(module, node) if sizes else ()
        if chain:
            found.append(_cut(module, node, chain, sizes))
    module.recompile()
    return found


def join(module: GraphModule, parted: list[Chains]) -> None:
    """Put the parts together again, as wide as they are by now."""
    import torch

    graph: Any = module.graph
    for chains in parted:
        convolutions = [module.get_submodule(str(chain[0].target)) for chain in chains]
        sizes = [layer.out_channels for layer in convolutions]
        with graph.inserting_before(chains[0][0]):
            node: Any = chains[0][0].args[0]
            for alike in zip(*chains, strict=True):
                node = _joined(module, alike, node)
            split = graph.call_function(
                torch.ops.aten.split_with_sizes.default, (node, sizes, CHANNELS)
            )
            parts = [graph.call_function(operator.getitem, (split, i)) for i in range(len(sizes))]
        for chain, one in zip(chains, parts, strict=True):
            chain[-1].replace_all_uses_with(one)
            _erase(module, chain)
    module.recompile()


def _sizes(node: Node) -> tuple[int, ...]:
    """The channels of each part of a split [n, channels, ...]; () where it is none."""
    import torch

    aten = torch.ops.aten
    kinds = (
        aten.chunk.default,
        aten.split.Tensor,
        aten.split_with_sizes.default,
        aten.split.sizes,
    )
    if node.target not in kinds:
        return ()
    dimension = node.args[2] if len(node.args) > 2 else node.kwargs.get("dim", 0)
    source: Any = node.args[0]
    value = source.meta.get("val")
    if value is None or dimension not in (CHANNELS, CHANNELS - value.ndim):
        return ()
    if any(user.target is not operator.getitem for user in node.users):
        return ()
    return tuple(int(each.shape[CHANNELS]) for each in node.meta["val"])


def _chain(module: GraphModule, split: Node) -> tuple[Node, ...]:
    """What is split, back to the convolution; () where it has another use, or is no such chain."""
    import torch

    convolution, norm = torch.nn.modules.conv._ConvNd, torch.nn.modules.batchnorm._BatchNorm
    layers: dict[str, torch.nn.Module] = dict(module.named_modules())
    found: list[Node] = []
    node: Any = split.args[0]
    while len(node.users) == 1:
        found.append(node)
        layer = layers.get(str(node.target)) if node.op == "call_module" else None
        if isinstance(layer, convolution):
            return tuple(reversed(found)) if layer.groups == 1 else ()
        if not isinstance(layer, norm) and not _is_by_element(node):
            return ()
        node = node.args[0]
    return ()


def _is_by_element(node: Any) -> bool:
    """Whether it is a call that treats every element of its one tensor alike."""
    import torch

    if not isinstance(node.target, torch._ops.OpOverload):
        return False
    return torch.Tag.pointwise in node.target.tags and len(node.all_input_nodes) == 1


def _cut(
    module: GraphModule, split: Node, chain: tuple[Node, ...], sizes: tuple[int, ...]
) -> Chains:
    graph: Any = module.graph
    chains = []
    for low, high in itertools.pairwise(itertools.accumulate(sizes, initial=0)):
        node: Any = chain[0].args[0]
        nodes = []
        with graph.inserting_before(split):
            for whole in chain:
                node = _part_of(module, whole, node, slice(low, high))
                nodes.append(node)
        chains.append(tuple(nodes))
    for user in list(split.users):
        user.replace_all_uses_with(chains[int(str(user.args[1]))][-1])
        graph.erase_node(user)
    graph.erase_node(split)
    _erase(module, chain)
    return tuple(chains)


def _part_of(module: GraphModule, whole: Node, given: Node, channels: slice) -> Node:
    if whole.op != "call_module":
        return module.graph.node_copy(whole, lambda _: given)
    name = f"{whole.target}_{channels.start}"
    layer = module.get_submodule(str(whole.target))
    size = channels.stop - channels.start
    module.add_submodule(
        name, _made([layer], lambda t, axis: t[0].narrow(axis, channels.start, size))
    )
    return module.graph.call_module(name, (given,))


def _joined(module: GraphModule, alike: Sequence[Node], given: Node) -> Node:
    """The call that does what the same call of every part does."""
    import torch

    if alike[0].op != "call_module":
        return module.graph.node_copy(alike[0], lambda _: given)
    name = f"{alike[0].target}_joined"
    layers = [module.get_submodule(str(node.target)) for node in alike]
    module.add_submodule(name, _made(layers, torch.cat))
    return module.graph.call_module(name, (given,))


def _made(
    layers: Sequence[Any], combined: Callable[[list[torch.Tensor], int], torch.Tensor]
) -> Any:
    """A layer of their kind, each of its tensors made of theirs along the channels' axis."""
    import torch

    new = copy.deepcopy(layers[0])
    backwards = isinstance(new, torch.nn.modules.conv._ConvTransposeNd)
    with torch.no_grad():
        for name in _BY_CHANNEL:
            own = getattr(new, name, None)
            if own is None:
                continue
            axis = 1 if backwards and name == "weight" else 0
            value = combined([getattr(layer, name) for layer in layers], axis).clone()
            learnt = isinstance(own, torch.nn.Parameter)
            setattr(new, name, torch.nn.Parameter(value) if learnt else value)
            width = "out_channels" if hasattr(new, "out_channels") else "num_features"
            setattr(new, width, value.shape[axis])
    return new


def _erase(module: GraphModule, chain: Sequence[Node]) -> None:
    for node in reversed(chain):
        module.graph.erase_node(node)
        if node.op == "call_module":
            delattr(module, str(node.target))
