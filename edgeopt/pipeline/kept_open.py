"""An axis that stays open, at intake: which one it is, and the size at which each sample is fed."""

from __future__ import annotations

import math
from dataclasses import replace

import msgspec
import numpy as np

from edgeopt.datasets.advice import Advice, quoted
from edgeopt.datasets.marked_images import MarkedImages
from edgeopt.datasets.pixels import Pixels, blocks
from edgeopt.datasets.samples import Samples
from edgeopt.domain.errors import BadInput
from edgeopt.domain.open_axis import KeptAxis, OpenAsked
from edgeopt.pipeline.call import Call
from edgeopt.sources.shapes import batch_symbols
from edgeopt.sources.source import Inspected, OpenSpec, Source

#: Formats whose preparation can leave an axis open; the others fix shapes while they trace.
FORMATS = ("onnx",)


def asked(call: Call, inspected: Inspected) -> tuple[KeptAxis | None, Inspected]:
    """The axis that is to stay open, and the inputs as they are at its largest size.

    Raises:
        BadInput: there is no such axis, it is not open, or it is the batch.
    """
    if call.open_axis is None:
        return None, inspected
    if inspected.format not in FORMATS:
        raise BadInput(
            f"--open-axis: an axis of a {inspected.format} file is not kept open, only of ONNX.",
            "Export the model to ONNX with that axis open, and give that file.",
        )
    said = call.open_axis
    name = _name_of(said, inspected)
    shared = _is_shared(name, inspected)
    batch = batch_symbols([spec.shape for spec in inspected.inputs if spec.shape])
    if said.axis == 0 if not shared else name in batch:
        raise BadInput(
            f"--open-axis: axis {said.axis} of {said.input} counts samples.",
            "For several samples at once say --for throughput --batch 1,4,8.",
        )
    places = {
        spec.name: spec.shape.index(name)
        for spec in inspected.inputs
        if spec.shape and name in spec.shape
    }
    if not shared:
        places = {said.input: said.axis}
    kept = KeptAxis(name=name, places=places, sizes=said.sizes)
    for given, axis in places.items():
        fixed = call.shapes.get(given, ())
        if len(fixed) > axis and fixed[axis] != kept.largest:
            raise BadInput(
                f"--shape fixes axis {axis} of {given} to {fixed[axis]}, and --open-axis keeps it "
                "open.",
                "Leave one of them out.",
            )
    inputs = tuple(_at_largest(spec, kept) for spec in inspected.inputs)
    return kept, msgspec.structs.replace(inspected, inputs=inputs)


def _name_of(said: OpenAsked, inspected: Inspected) -> str:
    """What the file calls the axis. Raises BadInput."""
    known = {spec.name: spec.shape for spec in inspected.inputs}
    if said.input not in known:
        raise BadInput(
            f"--open-axis names an input {said.input!r}, but the model has {quoted(list(known))}.",
            "Use one of those names.",
        )
    shape = known[said.input] or ()
    if said.axis >= len(shape):
        raise BadInput(
            f"--open-axis: {said.input} has no axis {said.axis}, only {len(shape)}, from 0 on."
        )
    size = shape[said.axis]
    if isinstance(size, int):
        raise BadInput(
            f"--open-axis: axis {said.axis} of {said.input} is {size} in the file, not open.",
            "Export the model with that axis dynamic.",
        )
    return size


def _is_shared(name: str, inspected: Inspected) -> bool:
    """Whether a name stands for one size: some exporters call every open axis "?"."""
    return all(spec.shape.count(name) <= 1 for spec in inspected.inputs if spec.shape)


def _at_largest(spec: OpenSpec, kept: KeptAxis) -> OpenSpec:
    axis = kept.places.get(spec.name)
    if spec.shape is None or axis is None:
        return spec
    shape = (*spec.shape[:axis], kept.largest, *spec.shape[axis + 1 :])
    return msgspec.structs.replace(spec, shape=shape)


def in_sizes(samples: Samples, kept: KeptAxis | None) -> Samples:
    """The samples, each with the smallest stated size that holds it.

    A line of text is as long as it was placed; of other samples zeros at the end are padding.
    """
    if kept is None:
        return samples
    lines = _lines(samples)
    needed = np.array([1] * len(samples))
    if lines is not None:
        needed = np.array([place.resized[1] for place in lines.placements])
    else:
        for name, axis in kept.places.items():
            needed = np.maximum(needed, _lengths(samples.inputs[name], axis + 1))
    sizes = np.array(kept.sizes)
    found = sizes[np.minimum(np.searchsorted(sizes, needed), len(sizes) - 1)]
    return replace(samples, sizes=found)


def _lines(samples: Samples) -> MarkedImages | None:
    marks = samples.marks
    return marks if isinstance(marks, MarkedImages) and marks.preparation.way == "line" else None


def _lengths(array: np.ndarray, axis: int) -> np.ndarray:
    """int[n]: up to the last place along an axis of [n, ...] where not all is zero."""
    if isinstance(array, Pixels):  # an image that is no line fills its input
        return np.full(len(array), array.shape[axis])
    found = []
    for block in blocks(array):
        others = tuple(i for i in range(1, block.ndim) if i != axis)
        there = (block != 0).any(axis=others)
        last = there.shape[1] - there[:, ::-1].argmax(axis=1)
        found.append(np.where(there.any(axis=1), last, 1))
    return np.concatenate(found)


def advice(source: Source, data: Samples) -> list[str]:
    """What is to be known of how samples fit the stated sizes."""
    kept = source.kept
    if kept is None:
        return []
    lines = _lines(data)
    found = []
    if lines is not None:
        wide = sum(
            math.ceil(place.image[1] * place.size[0] / place.image[0]) > kept.largest
            for place in lines.placements
        )
        if wide:
            found.append(
                Advice(
                    f"{wide} of {len(data)} lines are wider than {kept.largest}, the largest size "
                    "of --open-axis, and were squeezed into it",
                    "State a larger size where such lines count.",
                )
            )
    if data.sizes is not None and len(kept.sizes) > 1 and (data.sizes == kept.largest).all():
        found.append(
            Advice(
                f"All {len(data)} samples need the largest size of --open-axis, {kept.largest}: "
                "the smaller ones are timed, and nothing is scored at them",
                "Pad arrays with zeros at their end: these are not counted.",
            )
        )
    return [str(one) for one in found]
