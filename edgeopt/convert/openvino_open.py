"""An axis that stays open in OpenVINO: NNCF wants shapes, so that it opens again afterwards."""

from __future__ import annotations

from typing import Any

from edgeopt.convert import openvino_reader
from edgeopt.sources.source import Source


def read(source: Source) -> tuple[Any, tuple[str, ...]]:
    """As `openvino_reader.read`, with the shapes of the source's inputs.

    Raises:
        EdgeoptError: as there.
    """
    model, notes = openvino_reader.read(source)
    if source.kept is not None:
        model.reshape({spec.name: list(spec.sizes) for spec in source.inputs})
    return model, notes


def opened(model: Any, source: Source) -> Any:
    """The model with the axis open that is to stay so."""
    if source.kept is None:
        return model
    places = source.kept.places
    model.reshape(
        {
            spec.name: [
                -1 if places.get(spec.name) == axis else size
                for axis, size in enumerate(spec.sizes)
            ]
            for spec in source.inputs
        }
    )
    return model
