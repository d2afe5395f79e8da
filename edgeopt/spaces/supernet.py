"""One trained network that holds many: subnets by width and by depth share its weights.

Slimmable layers after Yu and others 2018 (arXiv 1812.08928); trained by the sandwich rule with
distillation in place (Yu and Huang 2019, arXiv 1903.05134): in each step the largest, the smallest
and some at random between them, the smaller ones towards the largest's answers.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from edgeopt.spaces.separable import Separable, SeparableShape


@dataclass(frozen=True)
class Subnet:
    """One network within: channels, and separable layers."""

    width: int
    depth: int


class Supernet(nn.Module):
    """A `Separable` of the largest width and depth, of which any smaller one can be taken.

    Each width has norms of its own: the mean of a channel depends on what it sums up. A smaller
    width takes the first channels, a smaller depth the first layers.

    Args:
        shape: the largest. widths, depths: those of the subnets, the largest among them.

    Raises:
        ValueError: the largest is not among them, or one is larger or not above 0.
    """

    def __init__(
        self,
        shape: SeparableShape,
        outputs: int,
        inputs: int,
        axes: int,
        widths: Sequence[int],
        depths: Sequence[int],
    ) -> None:
        super().__init__()
        for name, most, given in (
            ("widths", shape.width, widths),
            ("depths", shape.depth, depths),
        ):
            if max(given) != most or min(given) < 1:
                raise ValueError(f"`{name}` must be 1 to {most} with {most}, got {list(given)}")
        self.shape, self.outputs, self.inputs, self.axes = shape, outputs, inputs, axes
        self.widths, self.depths = tuple(sorted(widths)), tuple(sorted(depths))
        self.weights = Separable(shape, outputs, inputs, axes)
        self.norms = nn.ModuleDict(
            {str(width): _norms(self.weights, width) for width in self.widths}
        )

    @property
    def largest(self) -> Subnet:
        return Subnet(self.shape.width, self.shape.depth)

    @property
    def smallest(self) -> Subnet:
        return Subnet(self.widths[0], self.depths[0])

    def forward(self, x: Tensor, subnet: Subnet | None = None) -> Tensor:
        """Answers of a subnet, of the largest where none is named."""
        subnet = subnet or self.largest
        for conv, norm in self._layers(subnet):
            x = nn.functional.relu(norm(_narrow(conv, x, subnet.width)))
        head = self.weights.head
        pooled = x.mean(tuple(range(2, 2 + self.axes)))
        return nn.functional.linear(pooled, head.weight[:, : subnet.width], head.bias)

    def extract(self, subnet: Subnet) -> Separable:
        """A network of its own with a subnet's weights: it exports as any other."""
        shape = SeparableShape(subnet.width, subnet.depth, self.shape.kernel, self.shape.stride)
        alone = Separable(shape, self.outputs, self.inputs, self.axes)
        with torch.no_grad():
            for own, (conv, norm) in zip(alone.layers, self._layers(subnet), strict=True):
                part: Any = own[0].weight
                part.copy_(conv.weight[: part.shape[0], : part.shape[1]])
                own[1] = copy.deepcopy(norm)
            alone.head.weight.copy_(self.weights.head.weight[:, : subnet.width])
            alone.head.bias.copy_(self.weights.head.bias)
        return alone.train(self.training)

    def _layers(self, subnet: Subnet) -> list[tuple[Any, nn.Module]]:
        """The convolutions of a subnet, the largest's, and its own norms."""
        norms = self.norms[str(subnet.width)]
        assert isinstance(norms, nn.ModuleList)
        return [
            (layer[0], norm)
            for layer, norm in zip(self.weights.layers[: 1 + 2 * subnet.depth], norms, strict=False)
        ]

    def sandwich(self, rng: np.random.Generator, between: int = 2) -> list[Subnet]:
        """The largest, the smallest, and some at random."""
        some = [
            Subnet(int(rng.choice(self.widths)), int(rng.choice(self.depths)))
            for _ in range(between)
        ]
        return [self.largest, self.smallest, *some]


def train(
    net: Supernet,
    batches: Callable[[], Iterable[tuple[Tensor, Tensor]]],
    epochs: int,
    rate: float = 3e-3,
    between: int = 2,
    seed: int = 0,
) -> Supernet:
    """Train all subnets at once, by the sandwich rule.

    Args:
        batches: gives an epoch of (inputs, classes int64[n]).
        between: subnets at random in each step.
    """
    rng = np.random.default_rng(seed)
    optimizer = torch.optim.AdamW(net.parameters(), rate)
    net.train()
    for _ in range(epochs):
        for inputs, classes in batches():
            largest, *smaller = net.sandwich(rng, between)
            answers = net(inputs, largest)
            loss = nn.functional.cross_entropy(answers, classes)
            wanted = answers.detach().softmax(1)
            for subnet in smaller:  # towards the largest's answers, not the classes
                loss = loss + nn.functional.cross_entropy(net(inputs, subnet), wanted)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return net.eval()


def _norms(net: Separable, width: int) -> nn.ModuleList:
    norm = nn.BatchNorm1d if net.axes == 1 else nn.BatchNorm2d
    return nn.ModuleList(norm(width) for _ in net.layers)


def _narrow(conv: nn.Module, x: Tensor, width: int) -> Tensor:
    """A convolution with its first `width` outputs, of the inputs that there are."""
    assert isinstance(conv, nn.Conv1d | nn.Conv2d)
    by_channel = conv.groups > 1
    weight = conv.weight[:width, : 1 if by_channel else x.shape[1]]
    function = nn.functional.conv1d if isinstance(conv, nn.Conv1d) else nn.functional.conv2d
    groups = width if by_channel else 1
    return function(x, weight, None, conv.stride, conv.padding, conv.dilation, groups)
