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
class SweepEffort:
    """How much is tried: so many leading candidates, each with so many sets of settings."""

    leaders: int
    sets: int


#: By the name of the final schedule (harness/budget.py).
EFFORTS = {
    "quick": SweepEffort(leaders=1, sets=2),
    "standard": SweepEffort(leaders=3, sets=4),
    "submission": SweepEffort(leaders=3, sets=4),
}


def variants(recipe: Recipe, features: Collection[str], cores: int, most: int) -> list[Recipe]:
    """The recipe with other settings, at most so many, in the order of its runtime's table.

    Args:
        features: instruction set flags of the device.
        cores: how many it has.
    """
    if providers.of(recipe) != "CPU":  # the settings are the processor's
        return []
    changed = [
        msgspec.structs.replace(
            recipe, options={**recipe.options, **options.options}, affinity=options.affinity
        )
        for options in runtimes.spec(recipe.runtime).option_sets
        if _applies(options, recipe, features, cores)
    ]
    distinct = {variant.id: variant for variant in changed if variant.id != recipe.id}
    return list(distinct.values())[:most]


def _applies(options: OptionSet, recipe: Recipe, features: Collection[str], cores: int) -> bool:
    return (
        (not options.precisions or recipe.precision in options.precisions)
        and (not options.needs_any or bool(set(options.needs_any) & set(features)))
        and recipe.threads >= options.least_threads
        and (not options.spare_cores or recipe.threads < cores)
    )
