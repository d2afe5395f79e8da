"""Why a recipe is not tried, in words, and what would help."""

from __future__ import annotations

from edgeopt.domain.obstacle import Obstacle
from edgeopt.report import format as fmt


def reason(obstacle: Obstacle) -> str:
    """What stands in the record of a recipe that was left out."""
    runtime, names = obstacle.runtime, ", ".join(obstacle.names)
    return {
        "said": obstacle.detail,
        "lacks-flags": f"needs one of: {names}",
        "no-converter": f"this version of edgeopt has no converter to {runtime}",
        "quantized-already": "the source's file is quantized already; it is tried as it is",
        "takes-nothing-quantized": (
            f"edgeopt has no way to give {runtime} a model that is quantized already"
        ),
        "no-such-precision": (
            f"this version of edgeopt makes no {obstacle.precision} for {runtime}"
        ),
        "not-installed": f"not installed: {names}",
        "later": f"{names}, which makes its file, is not set up here yet",
        "no-time": "a first look takes about a minute, and that was over",
        "time-over": (
            f"not tried: the {fmt.duration(obstacle.limit_s)} were over; "
            f"the next would have been {names}"
        ),
        "not-asked": f"outside of {obstacle.detail} {','.join(obstacle.names)}",
        "fixed-shapes": (
            f"its files for {runtime} have fixed shapes, and the axis {obstacle.detail} is to "
            "stay open"
        ),
        "no-gpu": f"no device at hand whose {runtime} sees the GPU ({obstacle.gpu})",
    }[obstacle.kind]


def hint(obstacle: Obstacle) -> str:
    """What would help; "" where nothing is known to."""
    if obstacle.kind == "not-installed":
        return f"pip install 'edgeopt[{obstacle.extra}]'"
    if obstacle.kind == "no-gpu":
        return "It needs the GPU's driver there: see docs/targets.md."
    if obstacle.kind == "later":
        return "`edgeopt optimize` sets it up, once; after that `try` has it, too."
    if obstacle.kind == "fixed-shapes":
        return "Without --open-axis it is tried, at the shape of the data."
    if obstacle.kind == "time-over":
        return "The same call with a longer --time, or without, goes on."
    if obstacle.kind == "no-time":
        return "`edgeopt optimize` tries it."
    return obstacle.hint
