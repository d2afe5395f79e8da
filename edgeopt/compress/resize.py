"""A smaller image inside the model: fewer places to compute, the same input outside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgeopt.domain.compression import Resize
from edgeopt.domain.errors import BadInput
from edgeopt.jobs.child import first_line
from edgeopt.jobs.told import told
from edgeopt.runtimes.torch import flat

if TYPE_CHECKING:
    import torch
    from torch.fx import GraphModule

LEAST_SIDE = 8


def resize(module: GraphModule, example: Sequence[torch.Tensor], stage: Resize) -> str:
    """Scale the image down (bilinear) before the first layer, in place.

    Returns:
        What became of it, in words.

    Raises:
        BadInput: it has not one image as its input, or is not fully convolutional.
    """
    import torch

    places = [node for node in module.graph.nodes if node.op == "placeholder"]
    if len(places) != 1 or example[0].ndim != 4:
        raise BadInput("its input is not one image [1, channels, height, width].")
    height, width = (round(side * stage.share) for side in example[0].shape[2:])
    if min(height, width) < LEAST_SIDE:
        raise BadInput(f"an image of {height}x{width} is too small to be worth trying.")
    with torch.no_grad():
        before = [tensor.shape for tensor in flat(module(*example))]
    place = places[0]
    with module.graph.inserting_after(place):
        smaller = module.graph.call_function(
            torch.nn.functional.interpolate,
            (place,),
            {"size": (height, width), "mode": "bilinear", "align_corners": False},
        )
    place.replace_all_uses_with(smaller, delete_user_cb=lambda user: user is not smaller)
    module.recompile()
    try:
        with torch.no_grad():
            after = [tensor.shape for tensor in flat(module(*example))]
    except Exception as error:
        otherwise = BadInput(f"it takes images of one size only: {first_line(error)}")
        raise told(error, otherwise) from error
    if after != before:
        raise BadInput(f"its answers change their shape with the image, from {before} to {after}.")
    return f"images of {height}x{width} inside"
