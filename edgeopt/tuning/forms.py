"""Which forms of a model a search tries: few that are made quickly, or one that was named."""

from __future__ import annotations

from collections.abc import Sequence

from edgeopt.domain.errors import BadInput
from edgeopt.domain.recipe import Recipe

ALL = "all"

#: Runtimes that make their float forms within seconds from what the sources' forms are.
_QUICK = ("onnxruntime", "openvino", "sklearn")
_FLOATS = ("fp32", "as-is")


def picked(recipes: Sequence[Recipe], asked: str | None) -> tuple[Recipe, ...]:
    """The recipes to try, in the profile's order.

    Args:
        recipes: the space of a target, not empty.
        asked: None: the floats of quick runtimes with the fewest threads, else the first two;
            "all"; or words of a title ("litert int8-static threads=1") or the begin of an id: of
            several numbers of threads the fewest are meant.

    Raises:
        BadInput: no recipe of the space is called so.
    """
    if asked == ALL:
        return tuple(recipes)
    if asked is None:
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
    words = frozenset(asked.replace("(", " ").replace(")", " ").replace(",", " ").split())
    named = [r for r in recipes if r.id.startswith(asked) or (words and words <= r.words)]
    if not named:
        known = ", ".join(dict.fromkeys(f"{r.runtime} {r.precision}" for r in recipes))
        raise BadInput(f"no form of this target is called {asked!r}.", f"It has: {known}.")
    return (min(named, key=lambda one: one.threads),)
