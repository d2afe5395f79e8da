"""The space of a first look: what is worth a minute comes first. Pure functions of recipes."""

from __future__ import annotations

from collections.abc import Collection

from edgeopt import runtimes
from edgeopt.domain.obstacle import Obstacle
from edgeopt.domain.recipe import LeftOut, Recipe
from edgeopt.search.space import Space
from edgeopt.sources.source import Source

#: What makes LiteRT files of ONNX, in an environment of its own.
ONNX2TF = "onnx2tf"
#: In this order they are made while there is time: floats, what int8 could give, smaller files.
_ORDER = ("as-is", "fp32", "bf16", "fp16", "int8-static", "int8-dynamic", "int8-weights")


def glanced(whole: Space, source: Source, later: Collection[str]) -> Space:
    """One form of each runtime and precision, the baseline's first.

    Args:
        later: runtimes whose files from ONNX cannot be made yet.
    """
    from_onnx = not (source.exported or source.saved_model or source.tflite)
    out = set(later) if from_onnx else set[str]()
    tried = [recipe for recipe in _first_forms(whole.recipes) if recipe.runtime not in out]
    left = dict.fromkeys((r.runtime, r.precision) for r in whole.recipes if r.runtime in out)
    return Space(
        tuple(sorted(tried, key=_place)),  # stable: within a place the profile's order
        whole.left_out
        + tuple(
            LeftOut(
                runtime=runtime,
                precision=precision,
                why=Obstacle(kind="later", runtime=runtime, names=(ONNX2TF,)),
            )
            for runtime, precision in left
        ),
    )


def _first_forms(recipes: Collection[Recipe]) -> list[Recipe]:
    """Of each runtime and precision the first way to choose integers, with all its threads."""
    first: dict[tuple[str, str], str] = {}
    for recipe in recipes:
        first.setdefault((recipe.runtime, recipe.precision), recipe.conversion_id)
    return [r for r in recipes if first[r.runtime, r.precision] == r.conversion_id]


def _place(recipe: Recipe) -> tuple[bool, int]:
    """What all others are compared with, then by precision."""
    spec = runtimes.spec(recipe.runtime)
    first = spec.baseline == 1 and recipe.precision == "fp32"
    known = recipe.precision in _ORDER
    return not first, _ORDER.index(recipe.precision) if known else len(_ORDER)
