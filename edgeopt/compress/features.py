"""Pairs of layers of a student and its source whose attention maps are held to each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from edgeopt.compress import losses

if TYPE_CHECKING:
    import torch

MOST = 4


class Pairs:
    """Convolutions of the same position in both, `MOST` at even distances.

    A context manager: it listens to both while it lasts. Where the two differ in how many
    convolutions they have, or the weight is 0, there are none.
    """

    def __init__(self, student: Any, source: Any, weight: float) -> None:
        self.source, self.weight = source, weight
        both = [_convolutions(student), _convolutions(source)] if weight else [[], []]
        count = len(both[0]) if len(both[0]) == len(both[1]) else 0
        places: np.ndarray = np.unique(np.linspace(count / MOST, count, MOST).astype(int) - 1)
        places = places[places >= 0] if count else places[:0]
        self.layers = [[layers[i] for i in places] for layers in both]
        self.seen: list[dict[int, Any]] = [{}, {}]
        self._removers: list[Any] = []

    def __enter__(self) -> Pairs:
        for side, layers in enumerate(self.layers):
            for i, layer in enumerate(layers):
                self._removers.append(layer.register_forward_hook(self._listener(side, i)))
        return self

    def __exit__(self, *_: object) -> None:
        for remover in self._removers:
            remover.remove()

    def _listener(self, side: int, place: int) -> Any:
        def listen(layer: Any, given: Any, found: Any) -> None:
            self.seen[side][place] = found

        return listen

    def distance(self, inputs: tuple[torch.Tensor, ...]) -> torch.Tensor | float:
        """The weighted distance for the batch that the student has just answered."""
        import torch

        if not self.layers[0]:
            return 0.0
        with torch.no_grad():
            self.source(*inputs)
        found = [[seen[i] for i in sorted(seen)] for seen in self.seen]
        return self.weight * losses.attention_distance(found[0], found[1])


def _convolutions(module: Any) -> list[Any]:
    import torch

    kinds = torch.nn.Conv1d | torch.nn.Conv2d
    return [layer for layer in module.modules() if isinstance(layer, kinds)]
