"""What a form is made from must itself be near the source: int8 of a wrong fp32 is as wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from edgeopt.domain.recipe import Recipe
from edgeopt.pipeline.conversions import Conversions


def bases_of(
    recipe: Recipe, conversions: Conversions, floats: Mapping[str, Recipe]
) -> Iterator[tuple[str, Recipe]]:
    """(how a recipe's artifact comes from it, the form it comes from).

    Of a compressed form the whole model's forms count, too: the compressed ones are held to little,
    since labels train no scale.

    Args:
        floats: runtime -> its fp32 recipe, where the target has one.
    """
    whole = msgspec.structs.replace(recipe, compression=())
    for form in (recipe, whole) if recipe.compression else (recipe,):
        direct = form.quantization is not None and form.quantization.library == "tensorflow"
        for base in conversions.bases(form):
            yield "made by the same converter as" if direct else "made from", base
    plain = floats.get(recipe.runtime)
    if plain is not None and recipe.precision not in ("fp32", "as-is"):
        yield "made the same way as", plain
