"""How near an artifact comes to what its device can do, as a whole and by layer."""

from __future__ import annotations

from typing import Literal

from edgeopt.domain.model import Value

#: Why there is no share: nothing was measured there ("no-roof"), or no kernel in this arithmetic
#: ("no-peak"); a kernel multiplies less than the layer says ("fewer-products") or may
#: ("may-multiply-less"); it does not run on the processor ("elsewhere"); the work is not known
#: ("unknown-work"), or there are no multiply-adds ("no-products"); what was timed is a part of the
#: work ("not-timed", "too-short"); no peak can be exceeded, so one of the figures is wrong
#: ("above").
NoShare = Literal[
    "no-roof", "no-peak", "fewer-products", "may-multiply-less", "elsewhere", "unknown-work",
    "no-products", "not-timed", "too-short", "above",
]  # fmt: skip
LayerKind = Literal[
    "convolution", "depthwise convolution", "matrix product", "recurrent layer", "other"
]


class WholeNearness(Value, kw_only=True, frozen=True):
    """An artifact as it was timed.

    Attributes:
        arithmetic: that most of what computes ran in.
        multiply_adds: of one inference, as the layers say.
        ms: p50 of an inference.
        peak_per_s: multiply-adds a second, the device's best kernel; `peak_runtime`, whose it is.
        share: of that peak; null with its reason in `why`.
    """

    arithmetic: str | None
    threads: int
    multiply_adds: int | None = None
    ms: float | None = None
    peak_per_s: float | None = None
    peak_runtime: str = ""
    share: float | None = None
    why: NoShare | None = None


class LayerNearness(Value, kw_only=True, frozen=True):
    """A layer, or layers that run in one kernel.

    Attributes:
        bytes: what has to be moved at least: each input, weight and output once.
        bound: what its roof is: multiply-adds ("compute"), or bytes ("memory").
        level: the nearest level that holds these bytes.
        share: the time at its roof, of the time that it took; null with its reason in `why`.
    """

    layer: str
    kind: LayerKind
    arithmetic: str | None
    ms: float
    multiply_adds: int | None = None
    bytes: int | None = None
    bound: Literal["compute", "memory"] | None = None
    level: str = ""
    share: float | None = None
    why: NoShare | None = None


class Nearness(Value, kw_only=True, frozen=True):
    """One candidate of an explanation.

    Attributes:
        layers: what computes, the longest first.
        memory_ms: time of those that are bound by memory; `total_ms`: of an inference.
    """

    recipe_id: str
    whole: WholeNearness
    layers: tuple[LayerNearness, ...] = ()
    memory_ms: float = 0.0
    total_ms: float = 0.0
