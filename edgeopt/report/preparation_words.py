"""How images became the model's input, in a sentence: what was not asked for is said, too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_WAYS = {
    "letterbox": "fitted into {size} with their shape kept, in the middle (letterbox)",
    "corner": "fitted into {size} with their shape kept, in the upper left corner",
    "stretch": "stretched to {size}",
    "crop": "cut to the middle of {size}",
    "line": "fitted to the height of {size}, at the left",
}
_ORDERS = {"rgb": "RGB", "bgr": "BGR", "grey": "grey"}
_FILLED = ("letterbox", "corner", "line")


def words(preparation: Mapping[str, Any]) -> str:
    """The sentence for a recorded preparation; "" where there is none.

    Args:
        preparation: the fields of `decoding.preparation.Preparation`, as a run keeps them.
    """
    if not preparation:
        return ""
    way, order = preparation["way"], preparation.get("order", "rgb")
    height, width = preparation["size"]
    placed = _WAYS.get(way, "placed in {size}").format(
        size=f"{width:g} × {height:g} (width × height)"
    )
    if preparation.get("short"):
        placed = f"resized to a shorter side of {preparation['short']:g}, then {placed}"
    if preparation.get("widths"):
        each = ", ".join(map(str, preparation["widths"]))
        placed = f"fitted to the height {height:g} and to the smallest that holds them of {each}"
    filled = f", {preparation.get('fill', 114):g} around them" if way in _FILLED else ""
    return (
        f"Images are {placed}{filled}: {_ORDERS.get(order, order)}, each value "
        f"{_value(preparation)}, the pixel 0 to 255."
    )


def _value(preparation: Mapping[str, Any]) -> str:
    mean = _numbers(preparation.get("mean", (0.0,)))
    scale = _numbers(preparation.get("scale", (1.0,)))
    from_mean = "pixel" if mean == "0" else f"(pixel − {mean})"
    return from_mean if scale == "1" else f"{from_mean} × {scale}"


def _numbers(values: Sequence[float]) -> str:
    """One number where all are equal, else each."""
    told = [f"{value:.4g}" for value in values]
    return told[0] if len(set(told)) == 1 else "/".join(told)
