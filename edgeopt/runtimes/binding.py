"""ON THE DEVICE AND HOST. From the source's arrays to an artifact's and back, with numpy."""

from __future__ import annotations

import numpy as np


def to_artifact(array, binding: dict):
    """A batch of samples of a source's input as the artifact takes it.

    Args:
        array: [n, *source shape].
        binding: fields of `domain.tensor.Binding` ("dtype", "permute", "scale", "zero_point").

    Returns:
        [n, *artifact shape], contiguous, in the artifact's element type.
    """
    permute = binding.get("permute")
    if permute is not None:
        array = np.transpose(array, [0] + [axis + 1 for axis in permute])
    if binding.get("scale"):
        limits = np.iinfo(binding["dtype"])
        array = np.round(array / binding["scale"]) + binding["zero_point"]
        array = np.clip(array, limits.min, limits.max)
    shape = (array.shape[0], *binding["shape"])
    return np.ascontiguousarray(array, dtype=binding["dtype"]).reshape(shape)


def feed(sample: dict, bindings: list) -> list:
    """One sample as a session takes it: its arrays in the session's order.

    Args:
        sample: {source input: [*shape]}. bindings: fields of each input's binding.
    """
    fed: list = [None] * len(bindings)
    for binding in bindings:
        array = to_artifact(sample[binding["source"]][None], binding)[0]
        fed[binding["index"]] = np.asarray(array)  # a scalar of numpy is no array
    return fed


def read(results: list, bindings: list) -> dict:
    """One sample's results in the source's layout: {source output: [*shape]}."""
    return {
        binding["source"]: np.asarray(from_artifact(results[binding["index"]][None], binding)[0])
        for binding in bindings
    }


def from_artifact(array, binding: dict):
    """The way back for an output: dequantized, in the source's layout.

    Args:
        array: [n, *artifact shape].

    Returns:
        [n, *source shape], float32 where the artifact's tensor is quantized.
    """
    if binding.get("scale"):
        array = (array.astype(np.float32) - binding["zero_point"]) * np.float32(binding["scale"])
    permute = binding.get("permute")
    if permute is not None:
        back = np.argsort(permute)
        array = np.transpose(array, [0] + [int(axis) + 1 for axis in back])
    return array
