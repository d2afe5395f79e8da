"""What a user says of how an image becomes the input of a task's model: the fields of a
`decoding.preparation.Preparation`, each of which may be left out (`image_input` settles them)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from edgeopt.datasets.advice import did_you_mean, quoted
from edgeopt.datasets.image_folder import MAX_NUMBER, MAX_SIDE
from edgeopt.datasets.preprocess_text import Form
from edgeopt.decoding.placement import WAYS
from edgeopt.decoding.preparation import FILTERS, LAYOUTS, ORDERS

EXAMPLE = (
    "way=letterbox,size=640,mean=0,scale=0.0039216,order=bgr,fill=114,filter=bilinear,layout=nchw"
)
FORM = Form(("way", "size", "mean", "scale", "order", "fill", "filter", "layout"), EXAMPLE)
#: Fields that the form of classifiers does not have: one of them makes the text of this form.
OWN = ("way", "order", "fill", "filter")
_WORDS = {"way": WAYS, "order": ORDERS, "filter": tuple(FILTERS), "layout": LAYOUTS}


@dataclass(frozen=True)
class PreparationAsked:
    """What is said of a preparation; None: nothing.

    Attributes:
        way, mean, scale, order, fill, filter, layout: as in `decoding.preparation.Preparation`.
        size: (height, width) of the model's input.
    """

    way: str | None = None
    size: tuple[int, int] | None = None
    mean: tuple[float, float, float] | None = None
    scale: tuple[float, float, float] | None = None
    order: str | None = None
    fill: float | None = None
    filter: str | None = None
    layout: str | None = None

    def __post_init__(self) -> None:
        for field, known in _WORDS.items():
            _require_word(field, getattr(self, field), known)
        if self.size is not None and not all(1 <= side <= MAX_SIDE for side in self.size):
            raise FORM.bad(f"size must be within 1 and {MAX_SIDE:,}, but got {self.size}")
        numbers = [*(self.mean or ()), *(self.scale or ())]
        if not np.all(np.isfinite(numbers)) or max(map(abs, numbers), default=0) > MAX_NUMBER:
            raise FORM.bad(f"mean and scale must be finite and at most {MAX_NUMBER:g}")
        if self.scale is not None and 0 in self.scale:
            raise FORM.bad("a scale of 0 makes all images equal")
        if self.fill is not None and not 0 <= self.fill <= 255:
            raise FORM.bad(f"fill must be within 0 and 255, but got {self.fill:g}")

    @classmethod
    def parse(cls, text: str) -> PreparationAsked:
        """From parts of `EXAMPLE`; size is one number, or the height and the width: 48x320.

        Raises:
            BadInput: a field is unknown, twice there, or has a value that it cannot have.
        """
        fields = FORM.fields(text)
        return cls(
            way=fields.get("way"),
            size=_size(fields) if "size" in fields else None,
            mean=FORM.channels(fields, "mean") if "mean" in fields else None,
            scale=FORM.channels(fields, "scale") if "scale" in fields else None,
            order=fields.get("order"),
            fill=_fill(fields) if "fill" in fields else None,
            filter=fields.get("filter"),
            layout=fields.get("layout"),
        )


def is_meant(text: str) -> bool:
    """Whether a text has a field that the form of classifiers does not have."""
    return any(part.partition("=")[0].strip() in OWN for part in text.split(","))


def _require_word(field: str, word: str | None, known: tuple[str, ...]) -> None:
    if word is not None and word not in known:
        near = did_you_mean(word, known)
        raise FORM.bad(f"{field} is '{word[:60]}', none of {quoted(known)}{near}")


def _size(fields: Mapping[str, str]) -> tuple[int, int]:
    sides = fields["size"].split("x")
    if len(sides) > 2 or not all(one.isascii() and one.isdecimal() for one in sides):
        raise FORM.bad(
            f"size must be one number, or height x width as in 48x320, but got "
            f"'{fields['size'][:60]}'"
        )
    if max(map(len, sides)) > len(str(MAX_SIDE)):
        raise FORM.bad(f"size must be at most {MAX_SIDE:,}, but got '{fields['size'][:60]}'")
    return int(sides[0]), int(sides[-1])


def _fill(fields: Mapping[str, str]) -> float:
    try:
        return float(fields["fill"])
    except ValueError as error:
        raise FORM.bad(f"fill must be a number, but got '{fields['fill'][:60]}'") from error
