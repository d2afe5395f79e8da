"""What is folded into a model: the preparation of its input, and the last step of its output."""

from __future__ import annotations

from typing import Literal

from edgeopt.domain.model import Value

NHWC, NCHW = (0, 2, 3, 1), (0, 3, 1, 2)


class FoldedInput(Value, kw_only=True, frozen=True):
    """A uint8 input in place of a float one: original = (uint8 - mean) * scale.

    Attributes:
        name: of the input; "": the model's only one.
        mean, scale: one number for all channels, or one for each.
        layout: of the uint8 input; "same" as the original's, or the other of the two.
    """

    name: str = ""
    mean: tuple[float, ...] = (0.0,)
    scale: tuple[float, ...] = (1.0,)
    layout: Literal["same", "nhwc", "nchw"] = "same"

    def __post_init__(self) -> None:
        if not self.mean or not self.scale or 0 in self.scale:
            raise ValueError(f"mean and scale must be numbers, scale not 0, but got {self}")

    @property
    def to_folded(self) -> tuple[int, ...] | None:
        """The axes that take the original's layout to the folded one; None: they are the same."""
        return {"nhwc": NHWC, "nchw": NCHW}.get(self.layout)

    @property
    def to_original(self) -> tuple[int, ...] | None:
        """The way back."""
        return {"nhwc": NCHW, "nchw": NHWC}.get(self.layout)

    def channel_axis(self, shape: tuple[int, ...]) -> int:
        """The axis of the original [batch, ...] that has the channels."""
        if self.layout != "same":
            return 1 if self.layout == "nhwc" else len(shape) - 1
        channels = max(len(self.mean), len(self.scale))
        return 1 if len(shape) > 1 and shape[1] == channels else len(shape) - 1

    def folded_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Of the uint8 input that stands for an original of this shape."""
        return shape if self.to_folded is None else tuple(shape[axis] for axis in self.to_folded)


class Fold(Value, kw_only=True, frozen=True):
    """What is folded in. `output`: what becomes of the scored output, over its classes."""

    input: FoldedInput | None = None
    output: Literal["softmax", "argmax"] | None = None


def class_axis(rank: int) -> int:
    """The axis of the classes: the channels of an image, else the last."""
    return 1 if rank == 4 else rank - 1
