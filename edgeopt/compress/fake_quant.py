"""8-bit rounding in the forward pass, with gradients that pass through it.

Weights by output channel, symmetric; activations by tensor (Jacob et al. 2018, arXiv:1712.05877,
section 3.1). That paper's ranges are moving averages of minimum and maximum, which clip. What is
trained here is quantized with the extremes of its calibration, so these ranges are extremes, too:
they widen at once, and narrow slowly as the weights change.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

#: How far a range goes back in a step towards what the step saw.
NARROWING = 0.005
LEAST_SCALE = 1e-8


@contextlib.contextmanager
def rounding(module: torch.nn.Module) -> Iterator[None]:
    """While it lasts, convolutions and linear layers compute with rounded weights and inputs."""
    import torch
    from torch.nn.utils import parametrize

    class Rounded(torch.nn.Module):
        """A weight as it will be stored; the weight itself stays a float that learns."""

        def __init__(self, axis: int) -> None:
            super().__init__()
            self.axis = axis

        def forward(self, weight: torch.Tensor) -> torch.Tensor:
            return round_weight(weight, self.axis)

    backwards = torch.nn.modules.conv._ConvTransposeNd
    kinds = torch.nn.modules.conv._ConvNd | torch.nn.Linear
    layers = [layer for layer in module.modules() if isinstance(layer, kinds)]
    removers = [layer.register_forward_pre_hook(_Inputs()) for layer in layers]
    for layer in layers:
        rounded = Rounded(1 if isinstance(layer, backwards) and layer.groups == 1 else 0)
        parametrize.register_parametrization(layer, "weight", rounded)
    try:
        yield
    finally:
        for layer, remover in zip(layers, removers, strict=True):
            remover.remove()
            parametrize.remove_parametrizations(layer, "weight", leave_parametrized=False)


def round_weight(weight: torch.Tensor, axis: int = 0) -> torch.Tensor:
    """int8 values of a weight, one scale for each output channel, as floats.

    Args:
        axis: of the output channels: 0; 1 of a transposed convolution.
    """
    import torch

    rows = weight.detach().abs().movedim(axis, 0).flatten(1)
    scale = rows.amax(1).clamp_min(LEAST_SCALE) / 127
    zeros = torch.zeros(len(scale), dtype=torch.int32)
    return torch.fake_quantize_per_channel_affine(weight, scale, zeros, axis, -127, 127)


class _Inputs:
    """Rounds what goes into a layer. Zero is always exact, as padding needs it."""

    def __init__(self) -> None:
        self.low: float | None = None
        self.high: float | None = None

    def __call__(self, layer: Any, given: tuple[Any, ...]) -> tuple[Any, ...]:
        import torch

        values = given[0]
        low, high = float(values.detach().min()), float(values.detach().max())
        if self.low is None or self.high is None:
            self.low, self.high = low, high
        elif layer.training:
            self.low = min(low, self.low + NARROWING * (low - self.low))
            self.high = max(high, self.high + NARROWING * (high - self.high))
        bottom, top = min(self.low, 0.0), max(self.high, 0.0)
        scale = max((top - bottom) / 255, LEAST_SCALE)
        zero = min(max(round(-bottom / scale), 0), 255)
        rounded = torch.fake_quantize_per_tensor_affine(values, scale, zero, 0, 255)
        return (rounded, *given[1:])
