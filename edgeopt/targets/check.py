"""What a profile must hold beyond its types. One generator for each rule."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from edgeopt.domain.errors import BadInput
from edgeopt.domain.target import Fact, LeftOutRule, Profile, RecipeRule
from edgeopt.domain.visible import lines
from edgeopt.targets.complaint import complaint
from edgeopt.targets.field import Field
from edgeopt.targets.offers import offers
from edgeopt.targets.suggest import did_you_mean

Fault = tuple[Field, str]


def check(profile: Profile, where: str, text: str = "") -> None:
    """Hold a profile to every rule here.

    Args:
        where: what to call the profile in the message, its file's name.
        text: the file's text, so that the message can name lines.

    Raises:
        BadInput: a rule is broken; the message has a line for each fault.
    """
    faults = [fault for rule in _RULES for fault in rule(profile)]
    if faults:
        raise BadInput(lines(*(complaint(where, text, *fault) for fault in faults)))


def _numbers_are_finite(profile: Profile) -> Iterator[Fault]:
    for field, fact in _facts(profile, ()):
        if not math.isfinite(fact.value):
            yield (*field, "value"), f"expected a finite number, got {fact.value}"


def _facts(value: Any, field: Field) -> Iterator[tuple[Field, Fact]]:
    """Every fact inside `value`, with its field."""
    if isinstance(value, Fact):
        yield field, value
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from _facts(getattr(value, name), (*field, name))
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _facts(item, (*field, index))


def _flags_are_as_the_kernel_writes_them(profile: Profile) -> Iterator[Fault]:
    lists: list[tuple[Field, tuple[str, ...]]] = [
        (("isa", "features"), profile.isa.features),
        (("isa", "absent"), profile.isa.absent),
    ]
    if profile.match:
        lists.append((("match", "features"), profile.match.features))
        lists.append((("match", "absent"), profile.match.absent))
    for index, rule in enumerate(profile.recipes):
        lists.append((("recipes", index, "needs_any"), rule.needs_any))
    for field, flags in lists:
        for flag in flags:
            if not re.fullmatch(r"[a-z0-9_]+", flag):
                yield field, f"{flag!r} is no flag of /proc/cpuinfo (lower case, like avx_vnni)"


def _no_flag_is_both_present_and_absent(profile: Profile) -> Iterator[Fault]:
    for flag in sorted({*profile.isa.features} & {*profile.isa.absent}):
        yield ("isa", "absent"), f"{flag!r} is also in isa.features"
    if profile.match:
        for flag in sorted({*profile.match.features} & {*profile.match.absent}):
            yield ("match", "absent"), f"{flag!r} is also in match.features"


def _threads_fit_the_cores(profile: Profile) -> Iterator[Fault]:
    cores = sum(c.count for c in profile.cores)
    for index, threads in enumerate(profile.threads):
        if threads in profile.threads[:index]:
            yield ("threads", index), f"{threads} is there twice"
        if cores and threads > cores:
            yield ("threads", index), f"{threads} threads, but the profile has {cores} cores"
    if cores and not profile.big_cores:
        yield ("cores", 0, "role"), "every core is little; at least one must have another role"


def _match_can_be_applied(profile: Profile) -> Iterator[Fault]:
    match = profile.match
    if match is None:
        return
    if not (match.features or match.absent or match.cpu_model or match.board):
        yield ("match",), "no condition is given, so every machine of this arch would match"
    for name, pattern in (("cpu_model", match.cpu_model), ("board", match.board)):
        try:
            re.compile(pattern or "")
        except re.error as error:
            yield ("match", name), f"{pattern!r} is no regular expression: {error}"


def _runtimes_offer_the_precisions(profile: Profile) -> Iterator[Fault]:
    known = offers()
    for index, recipe in enumerate(profile.recipes):
        if recipe.runtime not in known:
            near = did_you_mean(recipe.runtime, known) or f"; known: {', '.join(known)}"
            yield ("recipes", index, "runtime"), f"unknown runtime {recipe.runtime!r}{near}"
    for field, rule in _rules(profile):
        choices = known.get(rule.runtime, (rule.precision,))
        if rule.precision not in choices:
            sentence = f"{rule.runtime} has no {rule.precision}; it has {', '.join(choices)}"
            yield (*field, "precision"), sentence


def _each_pair_is_named_once(profile: Profile) -> Iterator[Fault]:
    seen: dict[tuple[str, str], Field] = {}
    for field, rule in _rules(profile):
        pair = (rule.runtime, rule.precision)
        first = seen.setdefault(pair, field)
        if first != field:
            sentence = f"{' '.join(pair)} is named already by {first[0]}[{first[1]}]"
            yield field, sentence


def _rules(profile: Profile) -> Iterator[tuple[Field, RecipeRule | LeftOutRule]]:
    for index, recipe in enumerate(profile.recipes):
        yield ("recipes", index), recipe
    for index, left_out in enumerate(profile.left_out):
        yield ("left_out", index), left_out


def _needs_can_be_met(profile: Profile) -> Iterator[Fault]:
    for index, rule in enumerate(profile.recipes):
        field: Field = ("recipes", index)
        if rule.needs_any and not rule.otherwise:
            sentence = "required with needs_any: the reason given where it is not met"
            yield (*field, "otherwise"), sentence
        if rule.otherwise and not rule.needs_any:
            yield (*field, "otherwise"), "of no use without needs_any"
        if rule.needs_any and {*rule.needs_any} <= {*profile.isa.absent}:
            sentence = "never met, all are in isa.absent; name the recipe in left_out instead"
            yield (*field, "needs_any"), sentence


_RULES = (
    _numbers_are_finite,
    _flags_are_as_the_kernel_writes_them,
    _no_flag_is_both_present_and_absent,
    _threads_fit_the_cores,
    _match_can_be_applied,
    _runtimes_offer_the_precisions,
    _each_pair_is_named_once,
    _needs_can_be_met,
)
