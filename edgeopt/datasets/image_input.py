"""How images become the input of one model: what the user says, else the family, else the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from edgeopt.datasets.preparation_asked import PreparationAsked
from edgeopt.decoding import preparation
from edgeopt.decoding.preparation import Preparation
from edgeopt.domain.errors import BadInput

#: The family whose layout of data says how it prepares, too, and that layout.
ULTRALYTICS, ITS_LAYOUT = "yolo", "data.yaml"
#: Heads that do not say otherwise: Ultralytics exports NMS inside the graph, too.
_ANY_FAMILY = ("", "nms-inside")
#: Integers that stand for pixels -> the pixel that is 0.
_RAW = {"uint8": 0.0, "int8": 128.0, "int32": 0.0}
_FLOATS = ("float32", "float16", "float64", "bfloat16")
#: What a message shows of each field.
_EXAMPLES = {
    "way": "letterbox",
    "size": "640",
    "mean": "0",
    "scale": "0.0039216",
    "layout": "nchw",
}
#: Kinds of data that a detector's may be.
_OF_BOXES = ("coco", ITS_LAYOUT, "voc", "photos")
#: As PaddleOCR's recognizers have it.
_OF_LINES = {**_EXAMPLES, "way": "line", "size": "48x320", "mean": "127.5", "scale": "0.0078431"}

#: Of (height, width); None: open in the file.
Sides = tuple[int | None, int | None]


class Spec(Protocol):
    """An input as the model's file states it: None, or a word for a side, where it is open."""

    @property
    def name(self) -> str:
        """Of the input."""
        ...

    @property
    def dtype(self) -> str | None:
        """A name of numpy's; None: the file does not say."""
        ...

    @property
    def shape(self) -> Sequence[int | str | None] | None:
        """With the batch axis; None: the file does not say."""
        ...


@dataclass(frozen=True)
class ImageInput:
    """What a model says of its input of images; None: it does not.

    Attributes:
        layout: "nchw" where axis 1 counts 1 or 3 channels, "nhwc" where the last one does.
        channels: 1 or 3. sides: of (height, width).
    """

    name: str
    dtype: str | None = None
    layout: str | None = None
    channels: int | None = None
    sides: Sides = (None, None)


def of(spec: Spec) -> ImageInput:
    """What a model says of an input.

    Raises:
        BadInput: it takes no images: other axes than four, or neither 1 nor 3 channels.
    """
    name, dtype = spec.name, spec.dtype
    if dtype is not None and dtype not in (*_RAW, *_FLOATS):
        raise _no_image(spec, f"holds {dtype}")
    if spec.shape is None:
        return ImageInput(name, dtype)
    sizes = [size if isinstance(size, int) else None for size in spec.shape]
    if len(sizes) != 4:
        raise _no_image(spec, f"has {len(sizes)} axes, not four")
    if sizes[1] in (1, 3):
        return ImageInput(name, dtype, "nchw", sizes[1], (sizes[2], sizes[3]))
    if sizes[3] in (1, 3):
        return ImageInput(name, dtype, "nhwc", sizes[3], (sizes[1], sizes[2]))
    if sizes[1] is None or sizes[3] is None:
        return ImageInput(name, dtype)
    raise _no_image(spec, "has neither 1 nor 3 channels")


def _no_image(spec: Spec, why: str) -> BadInput:
    dims = "" if spec.shape is None else f" [{', '.join(str(size) for size in spec.shape)}]"
    return BadInput(
        f"the input '{spec.name}'{dims} {why}: images cannot be prepared for it.",
        "Prepare them in a function of your own: --data module:function.",
    )


def settled(
    given: ImageInput, said: PreparationAsked | None, head: str, kind: str, origin: str
) -> Preparation:
    """The preparation of images for an input.

    Args:
        head: of `decoding.HEADS`, or "". kind: of the data (`annotated_images`): Ultralytics'
            layout settles what no head does. origin: of the data, for messages.

    Raises:
        BadInput: something is not known, or is said otherwise than the model has it.
    """
    said = said or PreparationAsked()
    fields = {**_of_family(head, kind), **_of_input(given), **_said(said)}
    _require_fit(given, fields, origin)
    needed = ("way", "size", "mean", "scale", "layout")
    missing = [name for name in needed if name not in fields]
    if missing:
        raise _unknown(missing, kind, origin, given.sides)
    fields.setdefault("order", "rgb")
    fields.setdefault("dtype", "float32")
    try:
        return Preparation(**fields)
    except ValueError as error:
        raise BadInput(f"preprocessing: {error}.", f"Correct --preprocess for {origin}.") from error


def require_way(said: PreparationAsked | None, head: str, kind: str, origin: str) -> None:
    """Refuse, before the model is known, images of which nobody says how they lie in its input.

    Raises:
        BadInput: neither `said` nor the family does.
    """
    fields = {**_of_family(head, kind), **_said(said or PreparationAsked())}
    if "way" not in fields:
        missing = [name for name in ("way", "mean", "scale") if name not in fields]
        raise _unknown(missing, kind, origin)


def _of_family(head: str, kind: str) -> dict[str, Any]:
    """What published code of a head's family does; {}: it is not known."""
    by_data = kind == ITS_LAYOUT and head in _ANY_FAMILY
    found = preparation.of_head(ULTRALYTICS if by_data else head, (1, 1))
    if found is None:
        return {}
    return {name: getattr(found, name) for name in ("way", "mean", "scale", "order")}


def _of_input(given: ImageInput) -> dict[str, Any]:
    """What the model itself says."""
    fields: dict[str, Any] = {}
    if given.dtype in _RAW:
        fields.update(dtype=given.dtype, mean=(_RAW[given.dtype],) * 3, scale=(1.0,) * 3)
    if given.layout is not None:
        fields["layout"] = given.layout
    if given.channels == 1:
        fields["order"] = "grey"
    if None not in given.sides:
        fields["size"] = given.sides
    return fields


def _said(said: PreparationAsked) -> dict[str, Any]:
    return {name: value for name, value in vars(said).items() if value is not None}


def _require_fit(given: ImageInput, fields: dict[str, Any], origin: str) -> None:
    """Refuse what is said otherwise than the model has it."""
    size, order, layout = fields.get("size"), fields.get("order"), fields.get("layout")
    if size is not None and any(
        own is not None and own != side for own, side in zip(given.sides, size, strict=True)
    ):
        own = " x ".join("?" if side is None else str(side) for side in given.sides)
        raise _otherwise(given, f"is {own} pixels", f"size={size[0]}x{size[1]}", "size", origin)
    if layout is not None and given.layout not in (None, layout):
        raise _otherwise(given, f"is {given.layout}", f"layout={layout}", "layout", origin)
    channels = {None: given.channels, "grey": 1}.get(order, 3)
    if given.channels not in (None, channels):
        raise _otherwise(given, f"has {given.channels} channels", f"order={order}", "order", origin)


def _otherwise(given: ImageInput, has: str, said: str, field: str, origin: str) -> BadInput:
    return BadInput(
        f"{origin}: the preprocessing says {said}, but the model's input '{given.name}' {has}.",
        f"Leave {field} out of --preprocess: the model says it.",
    )


def _unknown(missing: list[str], kind: str, origin: str, sides: Sides = (None, None)) -> BadInput:
    several = " and ".join([*([", ".join(missing[:-1])] if missing[1:] else []), missing[-1]])
    examples = _OF_LINES if kind == "lines" else _EXAMPLES
    if sides != (None, None):  # one side is open in the file: the other one is the model's
        usual = (48, 320) if kind == "lines" else (640, 640)
        size = [own or side for own, side in zip(sides, usual, strict=True)]
        examples = {**examples, "size": f"{size[0]}x{size[1]}"}
    fields = [f"{name}={examples[name]}" for name in missing]
    if kind == "lines" and "mean" in missing:
        fields += ["order=bgr", "fill=127.5"]
    hint = f"Add --preprocess {','.join(fields)}, with the values of the training."
    if "way" in missing and kind in _OF_BOXES:
        hint += " Or name the head, where its family has one way: --head yolo."
    return BadInput(
        f"{origin}: how an image becomes the model's input is not known: {several} must be said.",
        hint,
    )
