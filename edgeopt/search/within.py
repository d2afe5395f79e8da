"""In which order recipes are tried where there is a limited time: pure functions of values.

An order is a list of steps, each with its expected seconds. Whoever asks the clock takes the first
that fits, tells what came of it, and asks for the order of what is left (`pipeline/within.py`).
What is expected of a form, and how that changes with what was measured: `expected.py`.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from edgeopt import runtimes
from edgeopt.domain.recipe import Recipe
from edgeopt.search.expected import FLOATS, Beliefs, Costs, Seen, pair_of
from edgeopt.search.usual import Pair

#: try: one artifact is made and scored; rank: what was not timed yet is, in one launch; screen:
#: what is near the fastest is timed side by side, in more; refine: more careful integers; settings:
#: of the sessions of the leading ones.
Kind = Literal["try", "rank", "screen", "refine", "settings"]

#: Launches of a schedule, of each candidate on average: of a screen most leave after one.
LAUNCHES: Mapping[str, float] = {"rank": 1, "screen": 1.3, "refine": 3, "settings": 3}
TOGETHER = 8  # candidates in the schedules of "refine" and "settings", as expected
SCORE_S = 2.0  # of a variant
#: Forms that wait for a schedule: with fewer, what all are compared with is most of it.
WAVE = 4
#: What was so many times as slow as the fastest is not timed again.
BEHIND = 1.5
#: What other settings of the leading ones are expected to gain, of 1; and how often more careful
#: integers keep what was asked.
SETTINGS_GAIN, MENDED = 0.02, 0.5


@dataclass(frozen=True)
class Step:
    """What comes next.

    Attributes:
        recipes: what is tried; () of the other kinds, which look at all that was.
        expected_s: seconds that it is expected to take.
    """

    kind: Kind
    recipes: tuple[Recipe, ...]
    expected_s: float


def order(
    untried: Sequence[Recipe], seen: Sequence[Seen], since: Collection[Kind], costs: Costs
) -> tuple[Step, ...]:
    """All that is left to do, in its order: "try" steps, and looks at what was tried.

    The fp32 forms of the runtimes come first, with all their threads, but for runtimes that are
    expected to be far behind. Then whatever is expected to gain most on the best so far for each
    second that it takes, one number of threads at a time; a runtime that waits is one such.

    Args:
        untried: in the profile's order.
        since: kinds of the steps that need not be taken again (`still_hold`).
    """
    beliefs = Beliefs.of(seen, costs)
    early = _early(untried, seen, costs)
    floats = [r for r in untried if r.precision in FLOATS and r.runtime in early]
    floats.sort(key=_place)
    waiting = sum(one.runs and one.ms is None for one in seen)
    known = {one.recipe.session_id for one in seen}
    found = [_try(own, known, costs) for own in _by_artifact(floats)]
    if floats or (waiting and not beliefs.timed):
        found.append(_schedule("rank", waiting + sum(len(s.recipes) for s in found), costs))
        waiting = 0
    rest = [r for r in untried if r not in floats]
    screened = "screen" in since and not found
    for step in _in_turn(rest, seen, since, beliefs):
        if step.kind == "try":
            if waiting >= WAVE:
                found.append(_schedule("rank", waiting + 1, costs))
                waiting = 0
            waiting, screened = waiting + len(step.recipes), False
        elif not screened:
            found.append(_closing(seen, waiting, costs))
            waiting, screened = 0, True
        found.append(step)
    if not screened:
        found.append(_closing(seen, waiting, costs))
    return tuple(found)


def _closing(seen: Sequence[Seen], more: int, costs: Costs) -> Step:
    """A schedule of what is near the fastest; of what is new alone, where that is little.

    Args:
        more: artifacts that will wait for a schedule then.
    """
    near = {recipe.id for recipe in contenders("screen", seen)}
    baseline = compared_with(seen)
    timed = [one for one in seen if one.recipe.id in near and one.ms is not None]
    unsure = sum(not one.sure for one in timed if one.recipe != baseline)
    if unsure + more >= WAVE or not any(one.sure for one in timed):
        return _schedule("screen", len(timed) + more, costs)
    return _schedule("rank", more + 1, costs)


def _in_turn(
    rest: Sequence[Recipe], seen: Sequence[Seen], since: Collection[Kind], beliefs: Beliefs
) -> list[Step]:
    """By what each is expected to gain in a second."""
    costs = beliefs.costs
    known = {one.recipe.session_id for one in seen}
    waiting = {pair_of(one.recipe) for one in seen if one.runs and one.ms is None}
    threads = _fastest_threads(seen)
    floats = _by_artifact([r for r in rest if r.precision in FLOATS])
    rated = [_opening(own, rest, known, beliefs) for own in floats]
    closed = {own[0].runtime for own in floats}
    begun: set[Pair] = set(waiting)
    # Of one artifact that number of threads comes first that was fastest in fp32.
    others = [r for r in rest if r.precision not in FLOATS]
    for recipe in sorted(others, key=lambda r: r.threads != threads.get(r.runtime, r.threads)):
        step, gain = _try([recipe], known, costs), beliefs.gain(recipe)
        # How fast the first of them is will tell, and so will its runtime's fp32.
        if pair_of(recipe) in begun or recipe.runtime in closed:
            gain = 0.0
        begun.add(pair_of(recipe))
        rated.append((gain / (step.expected_s + costs.launch_s), step))
    looks: dict[Kind, float] = {"refine": _mendable(seen, beliefs), "settings": SETTINGS_GAIN}
    for kind, gain in looks.items():
        if kind not in since and beliefs.timed and gain > 0:
            seconds = _look_s(kind, costs)
            near = 0 if "screen" in since else len(contenders("screen", seen))
            before_s = _schedule("screen", near, costs).expected_s
            rated.append((gain / (before_s + seconds), Step(kind, (), seconds)))
    rated.sort(key=lambda one: -one[0])
    return [step for _, step in rated]


def _opening(
    own: Sequence[Recipe], rest: Sequence[Recipe], known: Collection[str], beliefs: Beliefs
) -> tuple[float, Step]:
    """A runtime's fp32 that waits: what it gains in a second, or the best of its forms after it."""
    costs, step = beliefs.costs, _try(own, known, beliefs.costs)
    seconds = step.expected_s + len(own) * costs.launch_s
    rates = [beliefs.gain(own[0]) / seconds]
    for recipe in rest:
        if recipe.runtime == own[0].runtime and recipe.precision not in FLOATS:
            more = _try([recipe], known, costs).expected_s + costs.launch_s
            rates.append(beliefs.gain(recipe) / (seconds + more))
    return max(rates), step


def _early(recipes: Sequence[Recipe], seen: Sequence[Seen], costs: Costs) -> set[str]:
    """Runtimes whose fp32 comes first: all but those that are expected to be far behind.

    What no table tells of is not expected to be.
    """
    runtimes_here = {r.runtime for r in recipes} | {one.recipe.runtime for one in seen}
    paces = {name: pace.median for name in runtimes_here if (pace := costs.pace_of(name))}
    fastest = min(paces.values(), default=1.0)
    return {name for name in runtimes_here if paces.get(name, fastest) <= BEHIND * fastest}


def _fastest_threads(seen: Sequence[Seen]) -> dict[str, int]:
    """Of each runtime's fp32."""
    timed = [one for one in seen if one.ms is not None and one.recipe.precision in FLOATS]
    timed.sort(key=lambda one: -(one.ms or 0.0))
    return {one.recipe.runtime: one.recipe.threads for one in timed}


def _mendable(seen: Sequence[Seen], beliefs: Beliefs) -> float:
    """What more careful integers are expected to gain, where fast ones lose too much."""
    lossy = [
        one.ms
        for one in seen
        if one.runs and not one.allowed and one.ms and one.recipe.precision == "int8-static"
    ]
    return MENDED * max(0.0, 1 - min(lossy, default=math.inf) / beliefs.best_ms)


def contenders(kind: Kind, seen: Sequence[Seen]) -> list[Recipe]:
    """What a schedule is of: all that was not timed yet and the baseline; a screen's also what is

    near the fastest: what other schedules told of it is not compared.
    """
    running = [one for one in seen if one.runs]
    fastest = min((one.ms for one in running if one.ms and one.allowed), default=math.inf)
    baseline = compared_with(seen)
    behind = BEHIND if kind == "screen" else 0.0
    return [
        one.recipe
        for one in running
        if one.ms is None or one.ms <= behind * fastest or one.recipe == baseline
    ]


def compared_with(seen: Sequence[Seen]) -> Recipe | None:
    """What is in every schedule, so that their times are of one scale: see `search/baseline.py`.

    It stays what it is: times beside another one are of another scale.
    """
    floats = [one for one in seen if one.runs and one.recipe.precision in FLOATS]
    first = min(
        floats,
        key=lambda one: (not one.compared, _place(one.recipe), one.ms or math.inf),
        default=None,
    )
    return first.recipe if first else None


def still_hold(
    taken: Collection[Kind], step: Step, before: Sequence[Seen], after: Sequence[Seen]
) -> frozenset[Kind]:
    """Kinds of steps that need not be taken again after this one.

    What is tried anew is screened and refined; settings are tried again where another form leads.
    """
    kept = {*taken, step.kind}
    if step.kind == "try":
        kept -= {"try", "rank", "screen", "refine"}
    if step.kind != "settings" and _leader(before) != _leader(after):
        kept -= {"settings"}
    return frozenset(kept)


def _leader(seen: Sequence[Seen]) -> str | None:
    """The artifact of the fastest that is allowed."""
    timed = [one for one in seen if one.runs and one.allowed and one.ms is not None]
    timed.sort(key=lambda one: one.ms or 0.0)
    return timed[0].recipe.conversion_id if timed else None


def is_due(step: Step, seen: Sequence[Seen], since: Collection[Kind]) -> bool:
    """Whether there is something to look at now.

    A list has the looks at what it tries as well. Where there is no time for what comes before a
    look, that look would be at nothing new.
    """
    if step.kind == "rank":
        return any(one.runs and one.ms is None for one in seen)
    return step.kind != "screen" or "screen" not in since


def needed_s(step: Step, seen: Sequence[Seen], costs: Costs) -> float:
    """Seconds of a step, and for what is tried of a screen of all that then runs."""
    if step.kind != "try":
        return step.expected_s
    waiting = sum(one.runs and one.ms is None for one in seen)
    return step.expected_s + _closing(seen, waiting + len(step.recipes), costs).expected_s


def _try(own: Sequence[Recipe], known: Collection[str], costs: Costs) -> Step:
    """Of one artifact. What another number of threads was tried with is made and scored.

    Args:
        known: ids of sessions that were tried.
    """
    made = own[0].session_id in known
    return Step("try", tuple(own), 0.0 if made else costs.tried_s(own[0]))


def _by_artifact(recipes: Sequence[Recipe]) -> list[list[Recipe]]:
    """In the order of the first of its recipes."""
    by_artifact: dict[str, list[Recipe]] = {}
    for recipe in recipes:
        by_artifact.setdefault(recipe.conversion_id, []).append(recipe)
    return list(by_artifact.values())


def _schedule(kind: Kind, candidates: int, costs: Costs) -> Step:
    return Step(kind, (), LAUNCHES[kind] * candidates * costs.launch_s)


def _look_s(kind: Kind, costs: Costs) -> float:
    """Seconds of a look at the leading ones."""
    made = max(costs.made_s.values(), default=SCORE_S) if kind == "refine" else SCORE_S
    return made + LAUNCHES[kind] * TOGETHER * costs.launch_s


def _place(recipe: Recipe) -> int:
    """What all others are compared with comes first."""
    return runtimes.spec(recipe.runtime).baseline or len(runtimes.RUNTIMES) + 1
