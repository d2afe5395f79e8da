"""What a form is made from must itself be near the source: int8 of a wrong fp32 is as wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from edgeopt.domain.errors import StepFailed
from edgeopt.domain.recipe import Recipe

if TYPE_CHECKING:
    from edgeopt.pipeline.evaluator import Evaluator


def require_sound_bases(evaluator: Evaluator, recipe: Recipe) -> None:
    """Refuse what comes from a form that failed parity.

    Of a compressed form the whole model's forms count, too: the compressed ones are held to little,
    since labels train no scale.

    Raises:
        StepFailed: one of them failed parity; says which, and why.
    """
    for how, base in _bases(evaluator, recipe):
        try:
            evaluator.marked(base, evaluator.artifact(base))
        except StepFailed as error:
            if error.status != "failed-parity":
                continue
            what = "whole model's " if recipe.compression and not base.compression else ""
            reason = f"{how} the {what}{base.precision} form, which failed: {error.reason}"
            raise StepFailed("failed-parity", reason, error.hint) from error


def _bases(evaluator: Evaluator, recipe: Recipe) -> Iterator[tuple[str, Recipe]]:
    """(how a recipe's artifact comes from it, the form it comes from)."""
    whole = msgspec.structs.replace(recipe, compression=())
    for form in (recipe, whole) if recipe.compression else (recipe,):
        direct = form.quantization is not None and form.quantization.library == "tensorflow"
        for base in evaluator.conversions.bases(form):
            yield "made by the same converter as" if direct else "made from", base
    plain = evaluator.floats.get(recipe.runtime)
    if plain is not None and recipe.precision not in ("fp32", "as-is"):
        yield "made the same way as", plain
