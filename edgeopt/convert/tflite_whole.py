"""A LiteRT file with its weights inside the FlatBuffer, where TensorFlow Lite Micro looks for them.

From 256 KiB on AI Edge Quantizer writes them behind it and says only where (`offset` and `size` of
a Buffer, which files beyond 2 GB need). TensorFlow Lite Micro does not read that: it takes such a
weight for a tensor without a value, gives it room in the arena, and computes with what is there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

ALIGNMENT = 16  # bytes: `force_align` of Buffer.data in schema.fbs, which Python's writer ignores
_DATA = 4  # the place of `data` in the table of fields of a Buffer


def write(path: Path) -> None:
    """Write a file anew with everything inside and aligned, unless it is so already."""
    from ai_edge_litert import schema_py_generated as schema
    from ai_edge_litert.tools import flatbuffer_utils

    found = path.read_bytes()
    if is_whole(found):
        return
    model = flatbuffer_utils.read_model_from_bytearray(found)
    held = [b"" if one.data is None else bytes(one.data) for one in model.buffers]
    model.buffers = [_Buffer(schema, data) for data in held]
    path.write_bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def is_whole(model: bytes) -> bool:
    """Whether every weight is inside the FlatBuffer, at a multiple of `ALIGNMENT`."""
    from ai_edge_litert import schema_py_generated as schema

    root = schema.Model.GetRootAs(model, 0)
    buffers = [root.Buffers(i) for i in range(root.BuffersLength())]
    slots = [(one._tab, one._tab.Offset(_DATA)) for one in buffers]
    places = [tab.Vector(slot) for tab, slot in slots if slot]
    outside = any(one.Offset() > 1 for one in buffers)
    return not outside and all(place % ALIGNMENT == 0 for place in places)


class _Buffer:
    """A Buffer whose data is aligned."""

    def __init__(self, schema: Any, data: bytes) -> None:
        self._schema, self._data = schema, data

    def Pack(self, builder: Any) -> int:  # noqa: N802 (FlatBuffers' own name)
        data, size = None, len(self._data)
        if size:
            builder.StartVector(1, size, ALIGNMENT)
            builder.head -= size
            builder.Bytes[builder.head : builder.head + size] = self._data
            data = builder.EndVector()
        self._schema.BufferStart(builder)
        if data is not None:
            self._schema.BufferAddData(builder, data)
        return int(self._schema.BufferEnd(builder))
