"""Single weights set to zero by magnitude (Han et al. 2015, arXiv:1506.02626).

2:4 is the pattern of NVIDIA's sparse tensor cores (Mishra et al. 2021, arXiv:2104.08378).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeopt.domain.compression import Sparsify
from edgeopt.domain.errors import BadInput

if TYPE_CHECKING:
    import torch
    from torch.fx import GraphModule

#: What has fewer weights stays dense: it takes no time, and first layers suffer most.
LEAST_WEIGHTS = 1024


def sparsify(module: GraphModule, stage: Sparsify) -> str:
    """Set weights to zero, in place.

    Returns:
        What became of it, in words.

    Raises:
        BadInput: no layer is large enough.
    """
    import torch

    zeros = total = 0
    with torch.no_grad():
        for layer in module.modules():
            if not isinstance(layer, torch.nn.modules.conv._ConvNd | torch.nn.Linear):
                continue
            if layer.weight.numel() < LEAST_WEIGHTS:
                continue
            weight = layer.weight
            if isinstance(layer, torch.nn.modules.conv._ConvTransposeNd):
                weight = weight.transpose(0, 1)  # of [in, out, ...]
            weight.mul_(mask(weight, stage))
            zeros += int((layer.weight == 0).sum())
            total += layer.weight.numel()
    if not total:
        raise BadInput(f"none of its layers has {LEAST_WEIGHTS} weights: nothing to make sparse.")
    return f"{zeros:,} of {total:,} weights are zero"


def mask(weight: torch.Tensor, stage: Sparsify) -> torch.Tensor:
    """1 where a weight stays, 0 where it goes: [out, in, ...], along `in` for 2:4."""
    import torch

    if stage.pattern == "unstructured":
        count = int(stage.share * weight.numel())
        order = weight.abs().flatten().argsort()
        flat = torch.ones(weight.numel(), dtype=weight.dtype)
        flat[order[:count]] = 0
        return flat.reshape(weight.shape)
    rows = weight.movedim(1, -1)
    if rows.shape[-1] % 4:
        return torch.ones_like(weight)
    fours = rows.reshape(-1, 4)
    kept = torch.zeros_like(fours).scatter_(1, fours.abs().topk(2, dim=1).indices, 1.0)
    return kept.reshape(rows.shape).movedim(-1, 1)


def zeros_of(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Masks of the layers that are sparse already: training leaves their zeros alone.

    A layer of which less than a tenth is zero is not taken for sparse.
    """
    return {
        name: (value != 0).to(value.dtype)
        for name, value in module.named_parameters()
        if value.ndim > 1 and float((value == 0).float().mean()) >= 0.1
    }
