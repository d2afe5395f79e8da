"""C++ and Kotlin that run one artifact: its tensors' names, shapes and scales are written in."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from edgeopt.bundle import literal
from edgeopt.domain.artifact import Artifact
from edgeopt.domain.record import Record
from edgeopt.domain.run import SourceFacts
from edgeopt.domain.tensor import Binding, TensorSpec

FOLDER = "native"

#: Runtime -> what it is written in. All three take the same encoding and decoding.
LANGUAGES = {
    "litert": ("model.hpp", "main.cpp", "Model.kt"),
    "onnxruntime": ("model.hpp", "main.cpp"),
    "openvino": ("model.hpp", "main.cpp"),
}


class Element(NamedTuple):
    """An element type in both languages.

    Attributes:
        array, cast: Kotlin's array of it, and the conversion to its element.
        get, put: of a ByteBuffer; `get` widens an unsigned one.
    """

    bytes: int
    cpp: str
    array: str
    cast: str
    get: str
    put: str
    low: int = 0
    high: int = 0


#: numpy's name -> the rest. Half precision has no type in either language, and no code is written.
ELEMENTS = {
    "float32": Element(4, "float", "FloatArray", "toFloat()", "getFloat()", "putFloat"),
    "float64": Element(8, "double", "DoubleArray", "toDouble()", "getDouble()", "putDouble"),
    "int8": Element(1, "std::int8_t", "ByteArray", "toByte()", "get().toInt()", "put", -128, 127),
    "uint8": Element(
        1, "std::uint8_t", "ByteArray", "toByte()", "get().toInt().and(0xff)", "put", 0, 255
    ),
    "bool": Element(1, "std::uint8_t", "ByteArray", "toByte()", "get().toInt()", "put", 0, 1),
    "int16": Element(
        2, "std::int16_t", "ShortArray", "toShort()", "getShort().toInt()", "putShort",
        -(1 << 15), (1 << 15) - 1,
    ),
    "uint16": Element(
        2, "std::uint16_t", "ShortArray", "toShort()", "getShort().toInt().and(0xffff)",
        "putShort", 0, (1 << 16) - 1,
    ),
    "int32": Element(4, "std::int32_t", "IntArray", "toInt()", "getInt()", "putInt"),
    "uint32": Element(
        4, "std::uint32_t", "IntArray", "toInt()", "getInt().toLong().and(0xffffffffL)", "putInt"
    ),
    "int64": Element(8, "std::int64_t", "LongArray", "toLong()", "getLong()", "putLong"),
    "uint64": Element(8, "std::uint64_t", "LongArray", "toLong()", "getLong()", "putLong"),
}  # fmt: skip

#: Conversions to what Kotlin computes with as an Int.
_SHORT = ("toByte()", "toShort()")

#: Kotlin's view of an unsigned element of its signed array, as a number that is not negative.
_WIDENED = {"uint8": "toInt().and(0xff)", "uint16": "toInt().and(0xffff)",
            "uint32": "toLong().and(0xffffffffL)"}  # fmt: skip


class Tensor(NamedTuple):
    """One tensor: the original's (`own`) and the file's (`in_file`).

    Attributes:
        base, order: the original's layout, and numpy.transpose's order to the file's.
    """

    id: str
    source: str
    name: str
    position: int
    own: Element
    own_dtype: str
    in_file: Element
    dtype: str
    shape: tuple[int, ...]
    file_shape: tuple[int, ...]
    base: tuple[int, ...]
    order: tuple[int, ...]
    scale: float | None
    zero_point: int

    @property
    def elements(self) -> int:
        """How many."""
        return math.prod(self.file_shape)

    @property
    def kotlin_put(self) -> str:
        """Kotlin: one element `v` of the original's array, into the file's buffer `b`."""
        value, kind = "v", self.own.cast
        if self.own_dtype in _WIDENED:
            value, kind = f"v.{_WIDENED[self.own_dtype]}", _kind(self.own)
        if self.scale is not None:
            real = "toFloat()" if self.own_dtype == "float32" else "toDouble()"
            limits = f"{self.in_file.low}, {self.in_file.high}"
            given = _cast(value, kind, real)
            value = f"quantized({given}, {self.scale!r}, {self.zero_point}, {limits})"
            kind = "toInt()"
        return f"b.{self.in_file.put}({_cast(value, kind, self.in_file.cast)})"

    @property
    def kotlin_get(self) -> str:
        """Kotlin: the next element of the buffer `b`, as the original has it."""
        value, kind = f"b.{self.in_file.get}", _kind(self.in_file)
        if self.scale is not None:
            real = _cast(value, kind, "toFloat()")
            value, kind = f"(({real} - ({self.zero_point}f)) * {self.scale!r}f)", "toFloat()"
        return _cast(value, kind, self.own.cast)


def _kind(element: Element) -> str:
    """What `get` gives: an Int of 8 or 16 bits, a Long of 32 that have no sign."""
    if element is ELEMENTS["uint32"]:
        return "toLong()"
    return "toInt()" if element.cast in _SHORT else element.cast


def _cast(value: str, has: str, wants: str) -> str:
    """A conversion, if one is needed: Kotlin warns of others, and takes no float to a Byte."""
    if has == wants:
        return value
    if has in ("toFloat()", "toDouble()") and wants in _SHORT:
        return f"{value}.toInt().{wants}"
    return f"{value}.{wants}"


def files(record: Record, artifact: Artifact, source: SourceFacts) -> dict[str, str]:
    """{path in the bundle: text}; none where no language is written for the runtime or a type."""
    names = LANGUAGES.get(record.runtime, ())
    types = {b.dtype for b in (*artifact.inputs, *artifact.outputs)}
    types |= {spec.dtype for spec in (*source.inputs, *source.outputs)}
    if not names or not types <= ELEMENTS.keys() or record.recipe is None:
        return {}
    words = {
        "runtime": record.runtime,
        "artifact": Path(artifact.path).name,
        "threads": record.recipe.threads,
        "options": record.recipe.options,
        "inputs": _tensors(artifact.inputs, source.inputs, "in"),
        "outputs": _tensors(artifact.outputs, source.outputs, "out"),
    }
    templates = _templates()
    return {
        f"{FOLDER}/{name}": templates.get_template(f"{name}.j2").render(words) for name in names
    }


def _templates() -> Any:
    import jinja2

    found = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates") / "native"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 (no HTML; names go through `literal`)
    )
    found.filters |= {"cpp": literal.cpp, "kotlin": literal.kotlin}
    return found


def _tensors(
    bindings: Sequence[Binding], originals: Sequence[TensorSpec], prefix: str
) -> list[Tensor]:
    ids = literal.identifiers([binding.source for binding in bindings], prefix)
    specs = {spec.name: spec for spec in originals}
    return [
        _tensor(binding, specs[binding.source], one)
        for binding, one in zip(bindings, ids, strict=True)
    ]


def _tensor(binding: Binding, spec: TensorSpec, identifier: str) -> Tensor:
    order = binding.permute or tuple(range(len(binding.shape)))
    base = [0] * len(order)
    for place, axis in enumerate(order):
        base[axis] = binding.shape[place]
    return Tensor(
        id=identifier,
        source=binding.source,
        name=binding.name,
        position=binding.index,
        own=ELEMENTS[spec.dtype],
        own_dtype=spec.dtype,
        in_file=ELEMENTS[binding.dtype],
        dtype=binding.dtype,
        shape=spec.sizes,
        file_shape=binding.shape,
        base=tuple(base),
        order=order,
        scale=binding.scale or None,
        zero_point=binding.zero_point or 0,
    )
