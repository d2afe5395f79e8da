"""Which forms of a model a search tries: few that are made quickly, or one that was named."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import get_args

from edgeopt.domain.errors import BadInput
from edgeopt.domain.recipe import PRECISIONS, Calibration, Recipe
from edgeopt.domain.target import Profile
from edgeopt.runtimes import RUNTIMES

ALL = "all"

#: Runtimes that make their float forms within seconds from what the sources' forms are.
_QUICK = ("onnxruntime", "openvino", "sklearn")
_FLOATS = ("fp32", "as-is")


#: Words of titles beside runtimes and precisions, each of which may stand alone.
_SETTINGS = frozenset({*get_args(Calibration), "per-channel", "per-tensor"})


def require_known(asked: str | None, profiles: Iterable[Profile]) -> None:
    """Refuse what can name no form of a target, before a model is there.

    What passes may still name none: that depends on the model.

    Raises:
        BadInput: a runtime that a target does not have, or no word that any form is called by.
    """
    if not asked or asked == ALL or re.fullmatch(r"[0-9a-f]+", asked):
        return
    words = _words(asked)
    named = words & set(RUNTIMES)
    one_is_known = named or words & (_SETTINGS | set(PRECISIONS)) or "=" in asked
    for profile in profiles:
        there = {rule.runtime for rule in profile.recipes}
        if not one_is_known or named - there:
            known = ", ".join(dict.fromkeys(f"{r.runtime} {r.precision}" for r in profile.recipes))
            raise BadInput(f"no form of {profile.name} is called {asked!r}.", f"It has: {known}.")


def _words(asked: str) -> frozenset[str]:
    return frozenset(asked.replace("(", " ").replace(")", " ").replace(",", " ").split())


def picked(recipes: Sequence[Recipe], asked: str | None) -> tuple[Recipe, ...]:
    """The recipes to try, in the profile's order.

    Args:
        recipes: the space of a target, not empty.
        asked: None or "": the floats of quick runtimes with the fewest threads, else the first two;
            "all"; or words of a title ("litert int8-static threads=1") or the begin of an id: of
            several numbers of threads the fewest are meant.

    Raises:
        BadInput: no recipe of the space is called so.
    """
    if asked == ALL:
        return tuple(recipes)
    if not asked:
        least = min(recipe.threads for recipe in recipes)
        quick = [
            recipe
            for recipe in recipes
            if recipe.runtime in _QUICK
            and recipe.precision in _FLOATS
            and recipe.threads == least
            and recipe.affinity == "any"
        ]
        return tuple(quick or recipes[:2])
    words = _words(asked)
    named = [r for r in recipes if r.id.startswith(asked) or (words and words <= r.words)]
    if not named:
        known = ", ".join(dict.fromkeys(f"{r.runtime} {r.precision}" for r in recipes))
        raise BadInput(f"no form of this target is called {asked!r}.", f"It has: {known}.")
    return (min(named, key=lambda one: one.threads),)
