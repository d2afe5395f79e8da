"""Convolutions that are separable by channel, along one axis or two: series and spectrograms."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn


@dataclass(frozen=True)
class SeparableShape:
    """What makes one network of the family: `stride` is that of the first layer."""

    width: int = 64
    depth: int = 4
    kernel: int = 3
    stride: int = 2


class Separable(nn.Module):
    """float32[n, inputs, ...] with `axes` more axes -> float32[n, outputs]."""

    def __init__(self, shape: SeparableShape, outputs: int, inputs: int, axes: int) -> None:
        super().__init__()
        self.shape, self.axes = shape, axes
        w, k = shape.width, shape.kernel
        layers = [_layer(axes, inputs, w, k, shape.stride)]
        for _ in range(shape.depth):
            layers += [_layer(axes, w, w, k, 1, groups=w), _layer(axes, w, w, 1, 1)]
        self.features = nn.Sequential(*layers)
        self.head = nn.Linear(w, outputs)

    @property
    def layers(self) -> list[nn.Sequential]:
        """Of three each: a convolution, its norm, the rectifier."""
        return [layer for layer in self.features if isinstance(layer, nn.Sequential)]

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x).mean(tuple(range(2, 2 + self.axes))))


def _layer(
    axes: int, into: int, out: int, kernel: int, stride: int, groups: int = 1
) -> nn.Sequential:
    conv, norm = (nn.Conv1d, nn.BatchNorm1d) if axes == 1 else (nn.Conv2d, nn.BatchNorm2d)
    mixed = conv(into, out, kernel, stride, kernel // 2, groups=groups, bias=False)
    return nn.Sequential(mixed, norm(out), nn.ReLU())
