"""A PyTorch module around another: uint8 in, and probabilities or a class out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edgeopt.domain.fold import Fold, class_axis
from edgeopt.runtimes.torch import flat

if TYPE_CHECKING:
    import torch


def wrap(
    inner: torch.nn.Module, plan: Fold, index: int, shape: tuple[int, ...], position: int
) -> torch.nn.Module:
    """The module with `plan` inside.

    Args:
        index: which input is folded. shape: its original one.
        position: which of the outputs, flattened, `plan.output` is for.
    """
    import torch

    class Folded(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = inner
            if plan.input is not None:
                axis = plan.input.channel_axis(shape)
                for name in ("mean", "scale"):
                    values = torch.tensor(getattr(plan.input, name), dtype=torch.float32)
                    dims = [-1 if i == axis else 1 for i in range(len(shape))]
                    self.register_buffer(name, values.reshape(dims if len(values) > 1 else []))

        def forward(self, *given: torch.Tensor) -> Any:
            tensors = list(given)
            if plan.input is not None:
                value = tensors[index]
                if plan.input.to_original is not None:
                    value = value.permute(*plan.input.to_original)
                mean, scale = self.get_buffer("mean"), self.get_buffer("scale")
                tensors[index] = (value.to(torch.float32) - mean) * scale
            results = flat(self.inner(*tensors))
            scores = results[position]
            if plan.output == "softmax":
                results[position] = torch.softmax(scores, class_axis(scores.ndim))
            elif plan.output == "argmax":
                results[position] = torch.argmax(scores, class_axis(scores.ndim))
            return results[0] if len(results) == 1 else tuple(results)

    return Folded()
