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
]


class Obstacle(Value, kw_only=True, frozen=True):
    """See the module's head.

    Attributes:
        kind: "said": by the profile, the runtime's converter or the device, in `detail`;
            "lacks-flags": the processor has none of `names`; "no-converter" to the runtime;
            "quantized-already": the source's file is, so that it is tried as it is;
            "takes-nothing-quantized": nor can the runtime be given that; "no-such-precision" in
            the runtime; "not-installed": the packages `names`; "no-gpu": no device was found whose
            runtime sees the GPU that the profile names.
        runtime, precision: of the recipe.
        names: instruction set flags or packages; "A or B" is one.
        extra: of edgeopt, which installs what is not there.
        gpu: its name in the profile.
        detail, hint: words of others.
    """

    kind: ObstacleKind
    runtime: str = ""
    precision: str = ""
    names: tuple[str, ...] = ()
    extra: str = ""
    gpu: str = ""
    detail: str = ""
    hint: str = ""


def said(words: str, hint: str = "") -> Obstacle:
    """What somebody else says of a recipe."""
    return Obstacle(kind="said", detail=words, hint=hint)
