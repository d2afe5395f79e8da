"""What one layer of the source has to do: multiply-adds, and the tensors it takes and gives."""

from __future__ import annotations

from edgeopt.domain.model import Value


class LayerWork(Value, kw_only=True, frozen=True):
    """A node of the ONNX form.

    Attributes:
        type: its operator.
        multiply_adds: 0 of one that has none; null where they cannot be told.
        inputs, weights, outputs: tensor -> numbers in it. An input whose shape is not known is
            missing, and `known` is then false.
        kernel, strides: of a convolution; () else.
        depthwise: a convolution with one group for each channel.
    """

    type: str
    multiply_adds: int | None
    inputs: dict[str, int]
    weights: dict[str, int]
    outputs: dict[str, int]
    known: bool = True
    kernel: tuple[int, ...] = ()
    strides: tuple[int, ...] = ()
    depthwise: bool = False
