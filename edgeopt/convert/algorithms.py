"""What a recipe asks for that its library does not have is refused with a sentence."""

from __future__ import annotations

from edgeopt.domain.errors import EdgeoptError
from edgeopt.domain.quantizers import QUANTIZERS, Refusal
from edgeopt.domain.recipe import Recipe

#: Of every library: fields that say something about activations with fixed ranges.
_STATIC_ONLY: tuple[Refusal, ...] = (
    (lambda q: bool(q.exceptions), "exceptions by operator are for int8-static"),
    (lambda q: q.bias_correction is not None, "bias correction is for int8-static"),
    (lambda q: q.activation_bits == 16, "16-bit activations are for int8-static"),
    (lambda q: q.smooth_quant, "SmoothQuant is for int8-static"),
    (lambda q: q.channel_alignment, "channel alignment is for int8-static"),
)
_WEIGHTS_ONLY: tuple[Refusal, ...] = (
    (lambda q: q.weight_bits == 4, "4-bit weights are for int8-weights, whose arithmetic is float"),
)


def refusal(recipe: Recipe) -> str:
    """Why a recipe's way to choose integers cannot be had, or ""."""
    how = recipe.quantization
    if how is None:
        return ""
    rows = QUANTIZERS[how.library].refused
    rows += _WEIGHTS_ONLY if recipe.precision != "int8-weights" else ()
    rows += _STATIC_ONLY if recipe.precision != "int8-static" else ()
    return next((f"{why}." for asks, why in rows if asks(how)), "")


def require(recipe: Recipe) -> None:
    """Refuse what a library does not have.

    Raises:
        EdgeoptError: it says what.
    """
    why = refusal(recipe)
    if why:
        raise EdgeoptError(why, "Leave that setting out.")
