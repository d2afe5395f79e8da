"""The space: the recipes worth trying on a target for a source, and why each other one is not."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib import metadata
from types import MappingProxyType

from edgeopt import runtimes
from edgeopt.domain.obstacle import Obstacle, said
from edgeopt.domain.recipe import LeftOut, Quantization, Recipe
from edgeopt.domain.target import Profile, RecipeRule
from edgeopt.search import overflow, providers
from edgeopt.search.alternatives import with_tail_in_float
from edgeopt.search.makers import Maker, Makers
from edgeopt.search.providers import Providers
from edgeopt.sources.source import Source


@dataclass(frozen=True)
class Space:
    """Recipes in the profile's order, and what was left out."""

    recipes: tuple[Recipe, ...]
    left_out: tuple[LeftOut, ...]


def recipe_space(
    profile: Profile,
    features: Collection[str],
    cores: int,
    source: Source,
    makers: Makers,
    there: Providers = MappingProxyType({}),
    threads_asked: Collection[int] = (),
    answering: Collection[str] = (),
) -> Space:
    """All candidate recipes.

    Args:
        features: instruction set flags of the device, or of the profile where there is none.
        cores: cores a thread can have; thread counts of the profile above it are cut.
        makers: what makes each runtime's files.
        there: what else than the processor the device can compute on.
        threads_asked: in place of the profile's; those that the device has no cores for are cut.
        answering: flags of what answers for the device, where another machine does.
    """
    recipes: list[Recipe] = []
    flags = answering if overflow.overflows(answering) else features
    counts = thread_counts(profile, cores, threads_asked)
    left_out = [
        LeftOut(runtime=rule.runtime, precision=rule.precision, why=said(rule.reason))
        for rule in profile.left_out
    ] + providers.left_out(profile, there)
    rules = (*_as_is(profile, source), *profile.recipes, *providers.rules(profile, there))
    for rule in rules:
        maker = makers(rule.runtime)
        obstacle = _obstacle(rule, features, source, maker)
        if obstacle is not None or maker is None:
            why = obstacle or Obstacle(kind="no-converter", runtime=rule.runtime)
            left_out.append(LeftOut(runtime=rule.runtime, precision=rule.precision, why=why))
            continue
        fixed = runtimes.spec(rule.runtime).options_for(rule.precision)
        recipes += [
            Recipe(
                runtime=rule.runtime,
                precision=rule.precision,
                quantization=quantization,
                threads=threads,
                options={**fixed, **rule.options},
            )
            for quantization in _integers(
                rule.precision, source, maker, flags if providers.of(rule) == "CPU" else ()
            )
            for threads in (counts if providers.takes_threads(rule) else [1])
        ]
    return Space(tuple(recipes), tuple(left_out))


def _integers(
    precision: str, source: Source, maker: Maker, features: Collection[str]
) -> list[Quantization | None]:
    """The ways to choose integers: where they would do badly in the tail, with it in float, too."""
    usual = overflow.usual(maker, precision, features, source)
    if usual is None or precision != "int8-static" or not (source.tail and source.tail.findings):
        return [usual]
    split = with_tail_in_float(usual)
    return [usual] if split is None else [split, usual]


def _as_is(profile: Profile, source: Source) -> list[RecipeRule]:
    """A file that is quantized already is tried as it is in every runtime of the profile."""
    if source.stored != "as-is":
        return []
    options: dict[str, dict[str, str | int]] = {}
    for rule in profile.recipes:
        if rule.precision == "fp32" or rule.runtime not in options:
            options[rule.runtime] = dict(rule.options) if rule.precision == "fp32" else {}
    why = "the numbers of the source's own file"
    return [
        RecipeRule(runtime=runtime, precision="as-is", why=why, options=settings)
        for runtime, settings in options.items()
    ]


def without(whole: Space, missing: Mapping[str, str], hint: str) -> Space:
    """A space without the runtimes that are missing on a device.

    Args:
        missing: runtime -> the reason.
        hint: what would help.
    """
    out = dict.fromkeys((r.runtime, r.precision) for r in whole.recipes if r.runtime in missing)
    return Space(
        tuple(recipe for recipe in whole.recipes if recipe.runtime not in missing),
        whole.left_out
        + tuple(
            LeftOut(runtime=runtime, precision=precision, why=said(missing[runtime], hint))
            for runtime, precision in out
        ),
    )


def thread_counts(profile: Profile, cores: int, asked: Collection[int] = ()) -> list[int]:
    """Thread counts worth trying: the profile's, 0 standing for all big cores, most first.

    Args:
        asked: these in their place, as far as there are so many cores.
    """
    if asked:
        return sorted({count for count in asked if count <= cores}, reverse=True)
    big = min(profile.big_cores or cores, cores)
    return sorted({min(count, cores) if count else big for count in profile.threads}, reverse=True)


def _obstacle(
    rule: RecipeRule, features: Collection[str], source: Source, maker: Maker | None
) -> Obstacle | None:
    """Why a rule is no candidate, or None."""
    runtime, precision = rule.runtime, rule.precision
    # A generic profile without a device at hand knows no flags: nothing is ruled out then.
    if rule.needs_any and features and not set(rule.needs_any) & set(features):
        lacking = Obstacle(kind="lacks-flags", names=tuple(rule.needs_any))
        return said(rule.otherwise) if rule.otherwise else lacking
    if maker is None:
        return Obstacle(kind="no-converter", runtime=runtime)
    spec = runtimes.spec(runtime)
    if source.kept is not None and not spec.open_axes:
        return Obstacle(kind="fixed-shapes", runtime=runtime, detail=source.kept.name)
    if source.stored == "as-is" and precision != "as-is":
        return Obstacle(kind="quantized-already")
    if precision not in spec.precisions and precision == "as-is":
        return Obstacle(kind="takes-nothing-quantized", runtime=runtime)
    if precision not in spec.precisions:
        return Obstacle(kind="no-such-precision", runtime=runtime, precision=precision)
    missing = _missing(rule, source, maker)
    if missing:
        return Obstacle(
            kind="not-installed", names=tuple(missing), extra=_extra(spec.extra, missing, maker)
        )
    unsuitable = maker.unsuitable(precision, source)
    return said(unsuitable) if unsuitable else None


def _missing(rule: RecipeRule, source: Source, maker: Maker) -> list[str]:
    session = runtimes.spec(runtimes.spec(rule.runtime).answers).packages
    needed = maker.packages(rule.precision, source)
    missing = [package for package in needed if package not in session and not installed(package)]
    if not any(installed(package) for package in session):
        missing.insert(0, " or ".join(session))
    return missing


def _extra(own: str, missing: list[str], maker: Maker) -> str:
    """The extras that install what is missing: the runtime's own, PyTorch's, or both."""
    torch = [package for package in missing if package in maker.from_torch]
    return ",".join((*([own] if len(torch) < len(missing) else ()), *(["torch"] if torch else ())))


def installed(package: str) -> bool:
    """Whether a distribution is installed."""
    try:
        metadata.distribution(package)
    except metadata.PackageNotFoundError:
        return False
    return True
