"""What can be said of a model by looking at it, before anything is converted or measured."""

from __future__ import annotations

from typing import Literal

import msgspec

from edgeopt.domain.model import Value
from edgeopt.domain.open_axis import OpenAxis
from edgeopt.domain.tensor import TensorSpec

KindName = Literal[
    "language model", "detector", "memory", "segmentation", "classifier", "one number", "unknown"
]
OddKind = Literal[
    "open-axis", "quantized", "one-class", "mixed-scales", "said-by-source", "no-onnx"
]


class Costs(Value, kw_only=True, frozen=True):
    """Of one call, counted in the ONNX form with fixed shapes.

    Attributes:
        parameters: numbers in the weights. weight_bytes: what they take as they are stored.
        multiply_adds: of convolutions, matrix products, LSTM, GRU and RNN.
        convolutions, recurrent: those of convolutions, and of LSTM, GRU and RNN.
        activation_bytes: the largest sum of tensors that are needed at one time, operators in the
            order of the file, without the workspace of kernels.
        uncounted: operators whose shapes are not known, or that hold graphs of their own.
    """

    parameters: int
    weight_bytes: int
    multiply_adds: int
    activation_bytes: int
    uncounted: tuple[str, ...] = ()
    convolutions: int = 0
    recurrent: int = 0


class ModelKind(Value, kw_only=True, frozen=True):
    """What a model seems to be.

    Attributes:
        sure: by a detector's head that fits its outputs alone, or by names; else shapes say so.
        detail: the head, the number of classes, or which output goes back into which input.
    """

    name: KindName
    sure: bool = False
    detail: str = ""


class Odd(Value, kw_only=True, frozen=True):
    """What a user should know. `detail`: the axis, the tensor or the sentence of the reader."""

    kind: OddKind
    detail: str = ""


class Outlook(Value, kw_only=True, frozen=True):
    """One runtime in one precision.

    Attributes:
        tried: `optimize` tries it. reason, hint: why it does not, and what would help.
    """

    runtime: str
    precision: str
    tried: bool
    reason: str = ""
    hint: str = ""


class Inspection(Value, kw_only=True, frozen=True):
    """See the module's head.

    Attributes:
        suitable: whether edgeopt is for such a model; `why_not` where it is not, and nothing
            below was looked at then.
        target: whose runtimes are told. command: the call to go on with.
    """

    path: str
    format: str
    size_bytes: int
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...] = ()
    operators: dict[str, int] = msgspec.field(default_factory=dict)
    costs: Costs | None = None
    kind: ModelKind
    odd: tuple[Odd, ...] = ()
    open_axes: tuple[OpenAxis, ...] = ()
    target: str = ""
    outlooks: tuple[Outlook, ...] = ()
    suitable: bool = True
    why_not: str = ""
    command: str = ""
