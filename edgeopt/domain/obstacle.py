"""Why a recipe is not tried, as a value; `report/obstacle_words.py` says it."""

from __future__ import annotations

from typing import Literal

from edgeopt.domain.model import Value

ObstacleKind = Literal[
    "said",
    "lacks-flags",
    "no-converter",
    "quantized-already",
    "takes-nothing-quantized",
    "no-such-precision",
    "not-installed",
    "no-gpu",
    "later",
    "no-time",
    "time-over",
    "not-asked",
    "fixed-shapes",
]


class Obstacle(Value, kw_only=True, frozen=True):
    """See the module's head.

    Attributes:
        kind: "said": by the profile, the runtime's converter or the device, in `detail`;
            "lacks-flags": the processor has none of `names`; "no-converter" to the runtime;
            "quantized-already": the source's file is, so that it is tried as it is;
            "takes-nothing-quantized": nor can the runtime be given that; "no-such-precision" in
            the runtime; "not-installed": the packages `names`; "no-gpu": no device was found whose
            runtime sees the GPU that the profile names; "later": what makes its file (`names`) has
            to be fetched first, which a first look leaves to the next call; "no-time": a first
            look ends before it; "time-over": the `limit_s` of the call were, and `names` would have
            come next; "not-asked": it is outside of the bound `detail` (a field of `SpaceAsked`)
            with these `names`; "fixed-shapes": it takes fixed shapes, and the axis `detail` is to
            stay open.
        runtime, precision: of the recipe.
        names: instruction set flags or packages; "A or B" is one.
        extra: of edgeopt, which installs what is not there.
        gpu: its name in the profile.
        limit_s: seconds. detail, hint: words of others.
    """

    kind: ObstacleKind
    runtime: str = ""
    precision: str = ""
    names: tuple[str, ...] = ()
    extra: str = ""
    gpu: str = ""
    limit_s: float = 0.0
    detail: str = ""
    hint: str = ""


def said(words: str, hint: str = "") -> Obstacle:
    """What somebody else says of a recipe."""
    return Obstacle(kind="said", detail=words, hint=hint)
