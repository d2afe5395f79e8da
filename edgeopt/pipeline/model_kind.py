"""What a model seems to be, by names, shapes, and a detector's head that fits its answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from edgeopt import decoding
from edgeopt.domain.errors import BadInput
from edgeopt.domain.inspection import ModelKind
from edgeopt.domain.tensor import TensorSpec
from edgeopt.sources.source import Inspected
from edgeopt.tasks import memory

#: Words of a vocabulary; models of fewer classes than that answer with classes at every place.
VOCABULARY = 8000
NO_TOOL = (
    "it writes text word by word, with a cache that grows; edgeopt times one call of fixed shapes, "
    "and has no samples that judge text. Tools for it: llama.cpp, OpenVINO GenAI, ExecuTorch's LLM "
    "export, LiteRT-LM."
)
_CACHES = ("past_key_values", "present_key_values", "kv_cache", "past_key", "past_value")
_IMAGE, _MAP = 4, 4


def generates(inspected: Inspected) -> bool:
    """Whether its inputs are those of a model that writes word by word."""
    names = [spec.name.lower() for spec in inspected.inputs]
    return any(word in name for name in names for word in _CACHES)


def kind_of(
    inputs: Sequence[TensorSpec],
    outputs: Sequence[TensorSpec],
    answers: Sequence[Mapping[str, np.ndarray]],
) -> ModelKind:
    """What it seems to be; the first of what fits.

    Args:
        answers: outputs of a few random samples, with an axis of 1; () where it was not asked.
    """
    if _scores_words(inputs, outputs):
        return ModelKind(name="language model", detail=str(outputs[0].shape[-1]))
    try:
        states = memory.find(inputs, outputs)
    except BadInput as error:
        return ModelKind(name="memory", detail=str(error))
    if states:
        return ModelKind(
            name="memory", sure=True, detail=", ".join(f"{a}={b}" for a, b in states.items())
        )
    return _detector(inputs, answers) or _by_shape(inputs, outputs)


def _scores_words(inputs: Sequence[TensorSpec], outputs: Sequence[TensorSpec]) -> bool:
    """Whether tokens go in and a score of every word comes out at each place."""
    tokens = any(np.dtype(one.dtype).kind in "iu" and len(one.shape) == 2 for one in inputs)
    shape = outputs[0].shape if outputs else ()
    return tokens and len(shape) == 3 and (shape[-1] or 0) >= VOCABULARY


def _detector(
    inputs: Sequence[TensorSpec], answers: Sequence[Mapping[str, np.ndarray]]
) -> ModelKind | None:
    images = [one.sizes for one in inputs if len(one.shape) == _IMAGE]
    if not answers or not images:
        return None
    shape = images[0]
    size = shape[1:3] if shape[-1] in (1, 3, 4) and shape[1] not in (1, 3, 4) else shape[2:]
    found = decoding.recognize(answers, size)
    for level in ("certain", "possible"):
        names = [name for name, one in found.items() if one.level == level]
        if names:
            sure = level == "certain" and len(names) == 1
            return ModelKind(name="detector", sure=sure, detail=", ".join(names))
    return None


def _by_shape(inputs: Sequence[TensorSpec], outputs: Sequence[TensorSpec]) -> ModelKind:
    if len(outputs) != 1:
        return ModelKind(name="unknown")
    shape = outputs[0].sizes
    images = any(len(one.shape) == _IMAGE for one in inputs)
    if len(shape) == _MAP and images and min(shape[2], max(shape[1:3])) > 1:
        return ModelKind(name="segmentation", detail="x".join(map(str, shape)))
    values = int(np.prod(shape[1:])) if shape[:1] == (1,) else int(np.prod(shape))
    if sum(dim > 1 for dim in shape) == 1:
        return ModelKind(name="classifier", detail=str(values))
    return ModelKind(name="one number" if values == 1 else "unknown")
