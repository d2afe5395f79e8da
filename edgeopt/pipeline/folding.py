"""Folds preparation and last step into a source, and brings the data along."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from edgeopt.datasets import folded as samples_folded
from edgeopt.datasets.metrics import AGREEMENT
from edgeopt.datasets.samples import Samples
from edgeopt.domain.errors import BadInput
from edgeopt.domain.fold import Fold, FoldedInput
from edgeopt.sources import folded as source_folded
from edgeopt.sources.source import Source

#: Metrics of a class number: what argmax leaves of scores.
OF_CLASSES = ("exact-match", AGREEMENT)

Parts = tuple[Samples | None, ...]


def fold(
    request: Fold,
    source: Source,
    output: str,
    parts: Parts,
    work: Path,
    log: Path,
    timeout_s: float,
) -> tuple[Source, Parts, list[str]]:
    """The folded source, the samples as it takes them, and warnings.

    Args:
        parts: as the original takes them, the first one never None.

    Raises:
        BadInput: the input or the data is not what is to be folded, or the folded form answers
            otherwise than the original.
    """
    if source.states:
        raise BadInput(
            "nothing can be folded into a model with a memory: it is fed step by step.",
            "Leave --fold-input and --fold-output out.",
        )
    plan = completed(request, source)
    warnings: list[str] = []
    arrays = next(dict(part.inputs) for part in parts if part is not None)
    originals = {name: array[0] for name, array in arrays.items()}
    if plan.input is not None:
        done = [None if p is None else samples_folded.encoded(p, plan.input) for p in parts]
        parts = tuple(None if one is None else one[0] for one in done)
        warnings = [str(advice) for one in done if one is not None for advice in one[1]]
        name, kind = plan.input.name, originals[plan.input.name].dtype.name
        pixels = samples_folded.encode(arrays[name][:1], plan.input)
        originals[name] = samples_folded.decode(pixels, plan.input, kind)[0]
        folded = {**originals, name: pixels[0]}
    else:
        folded = originals
    paths = {"original": work / "original.npz", "folded": work / "folded.npz"}
    np.savez(paths["original"], **originals)
    np.savez(paths["folded"], **folded)
    folder = work / "folded"
    source = source_folded.folded(source, plan, output, paths, folder, log, timeout_s)
    return source, parts, warnings


def completed(request: Fold, source: Source) -> Fold:
    """With the name of the input, checked against the source.

    Raises:
        BadInput: there is no such input, or it cannot be folded so.
    """
    if request.input is None:
        return request
    names = [spec.name for spec in source.inputs]
    name = request.input.name or (names[0] if len(names) == 1 else "")
    if name not in names:
        problem = f"{name!r} is none" if name else "which input is to be folded is not said"
        raise BadInput(
            f"{problem}; the model has {', '.join(names)}.", "Say --fold-input name=NAME,..."
        )
    spec = source.inputs[names.index(name)]
    shape = spec.sizes
    if not spec.dtype.startswith("float"):
        raise BadInput(f"input {name!r} is {spec.dtype}; only a float one can become uint8.")
    if request.input.to_folded is not None and len(shape) != 4:
        raise BadInput(f"input {name!r} has shape {list(shape)}: a layout is of images only.")
    _check_channels(request.input, name, shape)
    return msgspec.structs.replace(request, input=msgspec.structs.replace(request.input, name=name))


def _check_channels(plan: FoldedInput, name: str, shape: Sequence[int]) -> None:
    channels = shape[plan.channel_axis(tuple(shape))] if shape else 1
    for what, values in (("mean", plan.mean), ("scale", plan.scale)):
        if len(values) not in (1, channels):
            raise BadInput(
                f"{what} has {len(values)} numbers, but input {name!r} has {channels} channels.",
                "Give one number, or one for each channel: mean=124/116/104.",
            )


def metric(name: str | None, plan: Fold | None, labels: np.ndarray | None) -> str:
    """The metric's name where argmax leaves a class; else as asked.

    Raises:
        BadInput: it needs scores, which argmax does not leave.
    """
    if plan is None or plan.output != "argmax":
        return name or ""
    if name == "accuracy" or (name is None and labels is not None):
        return "exact-match"  # the same share, of class numbers
    if name in (None, *OF_CLASSES) or ":" in str(name):
        return name or ""
    raise BadInput(f"{name} needs scores, and argmax leaves a class.", "Use --fold-output softmax.")
