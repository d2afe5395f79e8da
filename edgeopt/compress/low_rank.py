"""Linear and 1x1 layers as two thinner ones: the singular value decomposition cut off.

Denton et al. 2014 (arXiv:1404.0736), Xue et al. 2013 (Interspeech) for linear layers.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from edgeopt.compress.rebuild import TIED
from edgeopt.domain.compression import LowRank
from edgeopt.domain.errors import EdgeoptError

if TYPE_CHECKING:
    import torch
    from torch.fx import GraphModule


def factor(module: GraphModule, stage: LowRank) -> str:
    """Replace every layer that becomes smaller, in place.

    Returns:
        What became of it, in words.

    Raises:
        EdgeoptError: no layer becomes smaller.
    """
    import torch

    changed, found = [], 0
    for name, layer in list(module.named_children()):
        if not _is_matrix(layer) or name in module.meta.get(TIED, ()):
            continue
        found += 1
        pair = _pair(layer, stage)
        if pair is not None:
            setattr(module, name, torch.nn.Sequential(*pair))
            changed.append(name)
    if not changed:
        raise EdgeoptError(
            f"none of its {found} linear and 1x1 layers becomes smaller with {stage.energy:.1%} "
            "of its singular values' energy.",
            "Their weights use their full rank.",
        )
    return f"{len(changed)} of {found} linear and 1x1 layers in two"


def rank_of(values: torch.Tensor, energy: float, multiple: int) -> int:
    """The smallest rank that keeps a share of the squared singular values, rounded up.

    Args:
        values: [r] singular values, falling.
    """
    squares = values.double() ** 2
    kept = squares.cumsum(0) / squares.sum()
    rank = int((kept < energy - 1e-12).sum()) + 1
    return min(math.ceil(rank / multiple) * multiple, len(values))


def _is_matrix(layer: Any) -> bool:
    import torch

    if isinstance(layer, torch.nn.Linear):
        return True
    return (
        isinstance(layer, torch.nn.Conv2d | torch.nn.Conv1d)
        and set(layer.kernel_size) == {1}
        and layer.groups == 1
        and not isinstance(layer.padding, str)
    )


def _pair(layer: Any, stage: LowRank) -> tuple[Any, Any] | None:
    """The two layers, None where they would not be smaller."""
    import torch

    out, into = layer.weight.shape[:2]
    with torch.no_grad():
        u, s, vt = torch.linalg.svd(layer.weight.reshape(out, into), full_matrices=False)
        rank = rank_of(s, stage.energy, stage.multiple)
        if rank * (out + into) >= out * into:
            return None
        root = s[:rank].sqrt()
        first, second = vt[:rank] * root[:, None], u[:, :rank] * root
    biased = layer.bias is not None
    if isinstance(layer, torch.nn.Linear):
        pair: tuple[Any, Any] = (
            torch.nn.Linear(into, rank, bias=False),
            torch.nn.Linear(rank, out, bias=biased),
        )
    else:
        kind = type(layer)
        pair = (
            kind(into, rank, 1, stride=layer.stride, padding=layer.padding, bias=False),
            kind(rank, out, 1, bias=biased),
        )
    with torch.no_grad():
        pair[0].weight.copy_(first.reshape(pair[0].weight.shape))
        pair[1].weight.copy_(second.reshape(pair[1].weight.shape))
        if biased:
            pair[1].bias.copy_(layer.bias)
    return pair
