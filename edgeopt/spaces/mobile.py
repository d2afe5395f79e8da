"""Inverted residual blocks in four stages, after MobileNetV2 and V3."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

#: Channels of the stages at width 1; each halves the image.
STAGES = (24, 40, 80, 160)
_STEM, _LAST = 16, 320


@dataclass(frozen=True)
class MobileShape:
    """What makes one network of the family.

    Attributes:
        size: of the image inside, height and width. width: a share of the channels.
        depth: blocks of each stage. expansion: channels within a block, as a multiple.
        activation: "relu6" or "hard-swish". grey: the mean of the channels is enough.
    """

    size: int = 96
    width: float = 0.5
    depth: int = 2
    kernel: int = 3
    expansion: int = 4
    activation: str = "relu6"
    grey: bool = False


class Mobile(nn.Module):
    """float32[n, channels, h, w] -> float32[n, classes]."""

    def __init__(self, shape: MobileShape, classes: int, channels: int = 3) -> None:
        super().__init__()
        self.shape = shape
        stem = _rounded(_STEM * shape.width)
        inputs = 1 if shape.grey else channels
        layers: list[nn.Module] = [_layer(inputs, stem, 3, 2, shape.activation)]
        for stage in STAGES:
            out = _rounded(stage * shape.width)
            for number in range(shape.depth):
                layers.append(Block(stem, out, 2 if number == 0 else 1, shape))
                stem = out
        last = _rounded(_LAST * shape.width)
        layers.append(_layer(stem, last, 1, 1, shape.activation))
        self.features = nn.Sequential(*layers)
        self.head = nn.Linear(last, classes)

    def forward(self, images: Tensor) -> Tensor:
        x = images.mean(1, keepdim=True) if self.shape.grey else images
        size = (self.shape.size, self.shape.size)
        if tuple(x.shape[2:]) != size:
            x = nn.functional.interpolate(x, size, mode="bilinear", align_corners=False)
        return self.head(self.features(x).mean((2, 3)))


class Block(nn.Module):
    """Wide, by channel, narrow; added to what came in where the shapes allow it."""

    def __init__(self, into: int, out: int, stride: int, shape: MobileShape) -> None:
        super().__init__()
        wide = into * shape.expansion
        self.adds = stride == 1 and into == out
        self.layers = nn.Sequential(
            _layer(into, wide, 1, 1, shape.activation),
            _layer(wide, wide, shape.kernel, stride, shape.activation, groups=wide),
            nn.Conv2d(wide, out, 1, bias=False),
            nn.BatchNorm2d(out),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x) if self.adds else self.layers(x)


def _layer(
    into: int, out: int, kernel: int, stride: int, activation: str, groups: int = 1
) -> nn.Sequential:
    conv = nn.Conv2d(into, out, kernel, stride, kernel // 2, groups=groups, bias=False)
    bend = nn.Hardswish() if activation == "hard-swish" else nn.ReLU6()
    return nn.Sequential(conv, nn.BatchNorm2d(out), bend)


def _rounded(channels: float) -> int:
    """A multiple of 8, as kernels like them: 8 at least."""
    return max(8, round(channels / 8) * 8)
