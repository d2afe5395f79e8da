"""Which settings of a session are worth a try on a candidate. Pure functions of recipes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import msgspec

from edgeopt import runtimes
from edgeopt.domain.recipe import Recipe
from edgeopt.runtimes.spec import OptionSet
from edgeopt.search import providers


@dataclass(frozen=True)
class Effort:
    """How much is tried: so many leading candidates, each with so many sets of settings."""

    leaders: int
    sets: int


#: By the name of the final schedule (harness/budget.py).
EFFORTS = {
    "quick": Effort(leaders=1, sets=2),
    "standard": Effort(leaders=3, sets=4),
    "submission": Effort(leaders=3, sets=4),
}


def variants(recipe: Recipe, features: Collection[str], cores: int, most: int) -> list[Recipe]:
    """The recipe with other settings, at most so many, in the order of its runtime's table.

    Args:
        features: instruction set flags of the device.
        cores: how many it has.
    """
    if providers.of(recipe) != "CPU":  # the settings are the processor's
        return []
    found = [
        msgspec.structs.replace(
            recipe, options={**recipe.options, **given.options}, affinity=given.affinity
        )
        for given in runtimes.spec(recipe.runtime).option_sets
        if _applies(given, recipe, features, cores)
    ]
    return [one for one in {r.id: r for r in found}.values() if one.id != recipe.id][:most]


def _applies(given: OptionSet, recipe: Recipe, features: Collection[str], cores: int) -> bool:
    return (
        (not given.precisions or recipe.precision in given.precisions)
        and (not given.needs_any or bool(set(given.needs_any) & set(features)))
        and recipe.threads >= given.least_threads
        and (not given.spare_cores or recipe.threads < cores)
    )
