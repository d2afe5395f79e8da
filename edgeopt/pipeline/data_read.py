"""Reads the data of a call: what is judged, and what calibrates, confirms and trains beside it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from edgeopt.datasets import annotated_images, load
from edgeopt.datasets.marked_images import MarkedImages
from edgeopt.datasets.samples import GROUPS, Samples
from edgeopt.datasets.task_data import Part, TaskData
from edgeopt.pipeline import without_data
from edgeopt.pipeline.call import Call
from edgeopt.sources.source import Inspected, OpenSpec, Source

Given = str | Path | Mapping[str, Any] | None


def require(call: Call) -> None:
    """Refuse data that is not there, or that options do not fit, before the model is read.

    Raises:
        BadInput: see `load.require`.
    """
    if without_data.is_asked(call):
        without_data.require(call)
        return
    given: dict[Part, Given] = {
        "data": call.data,
        "calibration": call.calibration,
        "confirm": call.confirm,
        "train": call.train,
    }
    for part, data in given.items():
        like = "" if part == "data" else _kind(call)
        load.require(data, call.preprocessing, TaskData(call.task, part=part, like=like))


def judged(call: Call, inspected: Inspected) -> Samples:
    """What --data holds.

    Raises:
        BadInput: see `load.load`.
    """
    if without_data.is_asked(call):
        return without_data.read(call, inspected)
    data = _load(call, call.data, TaskData(call.task, _specs(call, inspected)))
    assert data is not None
    return data


def others(
    call: Call, inspected: Inspected, data: Samples
) -> tuple[Samples | None, Samples | None]:
    """What --calibration and --confirm hold.

    Args:
        data: what `judged` gave.

    Raises:
        BadInput: see `load.load`.
    """
    if without_data.is_asked(call):
        return None, None
    given: list[tuple[Given, Part]] = [(call.calibration, "calibration"), (call.confirm, "confirm")]
    specs, names, like = _specs(call, inspected), _names(data), _kind(call)
    calibration, confirm = (
        _load(call, one, TaskData(call.task, specs, part, names, like)) for one, part in given
    )
    return calibration, confirm


def _specs(call: Call, inspected: Inspected) -> tuple[OpenSpec, ...]:
    """The model's inputs, with the shapes that were asked for."""
    return tuple(
        msgspec.structs.replace(spec, shape=call.shapes.get(spec.name, spec.shape))
        for spec in inspected.inputs
    )


def train(call: Call, source: Source, data: Samples) -> Samples | None:
    """What --train holds. Raises BadInput."""
    of = TaskData(call.task, source.inputs, "train", _names(data), _kind(call))
    return _load(call, call.train, of)


def _kind(call: Call) -> str:
    """Of the images of a task that --data holds; "": it holds none."""
    if isinstance(call.data, Mapping):
        return ""
    found = annotated_images.kind_of(Path(call.data), call.preprocessing, TaskData(call.task))
    return found or ""


def advice(data: Samples) -> list[str]:
    """What was noticed in annotations, and refuses nothing."""
    if not isinstance(data.marks, MarkedImages):
        return []
    return [str(one) for one in data.marks.annotated.advice]


def _names(data: Samples) -> tuple[str, ...]:
    """Of the classes, where the data names them."""
    return data.marks.annotated.names if isinstance(data.marks, MarkedImages) else ()


def _load(call: Call, given: Given, of: TaskData) -> Samples | None:
    if given is None:
        return None
    names = [spec.name for spec in of.specs]
    columns = () if of.part == "train" else [name for name in call.slice_by if name != GROUPS]
    return load.load(given, names, call.preprocessing, columns, of)
