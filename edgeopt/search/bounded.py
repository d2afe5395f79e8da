"""The space within the user's bounds, and what is measured to compare with all the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import get_args

from edgeopt import runtimes
from edgeopt.domain.errors import BadInput
from edgeopt.domain.obstacle import Obstacle
from edgeopt.domain.recipe import LeftOut, Precision, Recipe
from edgeopt.domain.space_asked import SpaceAsked
from edgeopt.search import providers
from edgeopt.search.space import Space
from edgeopt.targets.suggest import did_you_mean

#: What each bound is called where it is asked for.
OPTIONS = {"runtimes": "--runtime", "precisions": "--precision", "without": "--not"}


def runtime_names() -> tuple[str, ...]:
    """Those that there is a converter to."""
    return tuple(spec.name for spec in runtimes.specs() if spec.precisions)


def require_known(asked: SpaceAsked) -> None:
    """Refuse names of nothing.

    Raises:
        BadInput: a name is no runtime or precision; a number of threads that none can be.
    """
    names = runtime_names()
    precisions = get_args(Precision)
    known = {
        "runtimes": (names, "runtime"),
        "precisions": (precisions, "precision"),
        "without": ((*names, *precisions), "runtime or precision"),
    }
    for field, (words, what) in known.items():
        for name in getattr(asked, field):
            if name not in words:
                near = did_you_mean(name, words) or "."
                raise BadInput(
                    f"{OPTIONS[field]} names no {what}: {name[:60]!r}{near}",
                    f"Known: {', '.join(words)}.",
                )


def bounded(whole: Space, asked: SpaceAsked | None, *, timed: bool) -> Space:
    """Of a space what was asked for, and what is measured to compare with.

    Args:
        timed: candidates are timed, so that a baseline is wanted.

    Returns:
        Its recipes are those within, and the references (`references`). What is outside and no
        reference is left out, and says by which bound.
    """
    if asked is None:
        return whole
    beside = references(whole.recipes, asked) if timed else []
    kept = [r for r in whole.recipes if not _why(r, asked) or r in beside]
    there = {(recipe.runtime, recipe.precision) for recipe in kept}
    outside = {
        (r.runtime, r.precision): why
        for r in whole.recipes
        if (why := _why(r, asked)) and (r.runtime, r.precision) not in there
    }
    left = (
        LeftOut(runtime=one.runtime, precision=one.precision, why=_why(one, asked) or one.why)
        for one in whole.left_out
    )
    more = (LeftOut(runtime=r, precision=p, why=why) for (r, p), why in outside.items())
    return Space(tuple(kept), (*left, *more))


def references(recipes: Sequence[Recipe], asked: SpaceAsked) -> list[Recipe]:
    """What is outside and measured all the same: it is compared with, and never chosen.

    The baseline (ONNX Runtime's fp32, where there is one), and the fp32 of a runtime whose
    static integers are asked for: it prices what layers cost in float.
    """
    inside = [recipe for recipe in recipes if not _why(recipe, asked)]
    priced = {recipe.runtime for recipe in inside if recipe.precision == "int8-static"}
    floats = [r for r in recipes if r.precision == "fp32" and providers.of(r) == "CPU"]
    wanted = priced | {_baseline_runtime(floats)}
    if not inside:
        return []
    return [recipe for recipe in floats if recipe.runtime in wanted and _why(recipe, asked)]


def _baseline_runtime(floats: Iterable[Recipe]) -> str | None:
    order = {spec.name: spec.baseline for spec in runtimes.specs() if spec.baseline}
    there = {recipe.runtime for recipe in floats if recipe.runtime in order}
    return min(there, key=lambda name: order[name], default=None)


def is_empty(space: Space, asked: SpaceAsked) -> bool:
    """Whether nothing of a space is within the bounds."""
    return all(_why(recipe, asked) for recipe in space.recipes)


def told(asked: SpaceAsked) -> str:
    """The bounds as they are asked for: "--runtime litert --not fp16"."""
    named = ((option, getattr(asked, field)) for field, option in OPTIONS.items())
    return " ".join(f"{option} {','.join(names)}" for option, names in named if names)


def is_outside(one: LeftOut, asked: SpaceAsked) -> bool:
    """Whether a recipe that is left out is outside of the bounds."""
    return _why(one, asked) is not None


def _why(one: Recipe | LeftOut, asked: SpaceAsked) -> Obstacle | None:
    """The bound that keeps it out, or None."""
    found = asked.excludes(one.runtime, one.precision)
    if found is None:
        return None
    field, names = found
    return Obstacle(kind="not-asked", runtime=one.runtime, detail=OPTIONS[field], names=names)
