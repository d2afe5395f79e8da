"""Compressed stages of runs that say in words alone that their ONNX form waits."""

from __future__ import annotations

import msgspec

from edgeopt.compress.worker import ON_THE_WAY, Derived


def with_value(stage: Derived) -> Derived:
    """A stage that says as a value whether its ONNX form waits: of old ones by their text."""
    waits = stage.onnx_waits or stage.onnx_reason == ON_THE_WAY
    return msgspec.structs.replace(stage, onnx_waits=waits)
