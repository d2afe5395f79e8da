"""What else than the processor a device can compute on: which recipes that adds. Pure functions."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import cast

from edgeopt import runtimes
from edgeopt.domain.obstacle import Obstacle
from edgeopt.domain.recipe import LeftOut, Precision, Recipe
from edgeopt.domain.target import Profile, RecipeRule
from edgeopt.runtimes.spec import RuntimeSpec

#: Runtime -> the values of its `provider_option` that a device has.
Providers = Mapping[str, Collection[str]]


def rules(profile: Profile, there: Providers) -> list[RecipeRule]:
    """Recipes beside the profile's own, for what the device was found to have."""
    return [rule for rule in _offered(profile) if of(rule) in there.get(rule.runtime, ())]


def runtimes_with_any(profile: Profile) -> list[str]:
    """Runtimes of a profile that can have one."""
    return list(dict.fromkeys(rule.runtime for rule in _offered(profile)))


def left_out(profile: Profile, there: Providers) -> list[LeftOut]:
    """A line for a GPU that the profile says is there, and no runtime of it was found to see.

    Where the profile says nothing of one, nobody wonders.
    """
    if profile.gpu is None:
        return []
    gpus = {rule.runtime for rule in _offered(profile) if of(rule) == "GPU"}
    return [
        LeftOut(
            runtime=runtime,
            precision=f"{runtimes.spec(runtime).provider_option}=GPU",
            why=Obstacle(kind="no-gpu", runtime=runtime, gpu=profile.gpu.model),
        )
        for runtime in sorted(gpus)
        if "GPU" not in there.get(runtime, ())
    ]


def of(recipe: Recipe | RecipeRule) -> str:
    """What computes: "CPU" where nothing else is named."""
    if recipe.runtime not in runtimes.RUNTIMES:
        return "CPU"
    return str(recipe.options.get(runtimes.spec(recipe.runtime).provider_option, "CPU"))


def takes_threads(rule: RecipeRule) -> bool:
    """Whether a number of threads means anything to it."""
    if rule.runtime not in runtimes.RUNTIMES:
        return True
    providers = runtimes.spec(rule.runtime).providers
    return all(one.threaded for one in providers if one.name == of(rule))


def rules_of(spec: RuntimeSpec) -> list[RecipeRule]:
    """Recipes for all that a runtime can compute on beside the processor."""
    return [
        RecipeRule(
            runtime=spec.name,
            precision=cast(Precision, precision),
            why=why,
            options={spec.provider_option: provider.name, **provider.options},
        )
        for provider in spec.providers
        for precision, why in provider.precisions.items()
    ]


def _offered(profile: Profile) -> list[RecipeRule]:
    """All that there is of them for the runtimes of a profile."""
    served = dict.fromkeys(rule.runtime for rule in profile.recipes)
    known = [runtimes.spec(name) for name in served if name in runtimes.RUNTIMES]
    return [rule for spec in known for rule in rules_of(spec)]
