"""What else than the processor a device can compute on: which recipes that adds. Pure functions."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from edgeopt import convert, runtimes
from edgeopt.domain.obstacle import Obstacle
from edgeopt.domain.recipe import LeftOut, Recipe
from edgeopt.domain.target import Profile, RecipeRule

#: Runtime -> the values of its option `PROVIDER_OPTION` that a device has.
Providers = Mapping[str, Collection[str]]


def rules(profile: Profile, there: Providers) -> list[RecipeRule]:
    """Recipes beside the profile's own, for what the device was found to have."""
    return [rule for rule in _offered(profile) if of(rule) in there.get(rule.runtime, ())]


def asked(profile: Profile) -> list[str]:
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
            precision=f"{_told(runtime, 'PROVIDER_OPTION', '')}=GPU",
            why=Obstacle(kind="no-gpu", runtime=runtime, gpu=profile.gpu.model),
        )
        for runtime in sorted(gpus)
        if "GPU" not in there.get(runtime, ())
    ]


def of(recipe: Recipe | RecipeRule) -> str:
    """What computes: "CPU" where nothing else is named."""
    return str(recipe.options.get(_told(recipe.runtime, "PROVIDER_OPTION", ""), "CPU"))


def takes_threads(rule: RecipeRule) -> bool:
    """Whether a number of threads means anything to it."""
    return of(rule) not in _told(rule.runtime, "UNTHREADED", ())


def _told(runtime: str, name: str, default: Any) -> Any:
    """A constant of a runtime's module; of one that edgeopt does not have, the default."""
    known = runtime in runtimes.RUNTIMES
    return getattr(runtimes.load(runtime), name, default) if known else default


def _offered(profile: Profile) -> list[RecipeRule]:
    """All that converters know of, for the runtimes of a profile."""
    served = dict.fromkeys(rule.runtime for rule in profile.recipes)
    return [
        rule
        for runtime in served
        if runtime in convert.CONVERTERS
        for rule in getattr(convert.load(runtime), "PROVIDER_RULES", ())
    ]
