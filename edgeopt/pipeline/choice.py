"""The choice for one target, said: what a run decided from the state that its steps came to."""

from __future__ import annotations

import msgspec

from edgeopt.datasets.scores import smallest_resolvable
from edgeopt.domain.passed_over import PassedOver
from edgeopt.domain.record import Record
from edgeopt.domain.run import Choice
from edgeopt.domain.score import Drop, Score
from edgeopt.pipeline.state import State
from edgeopt.pipeline.target_run import TargetRun
from edgeopt.report import aim_words, fidelity_words, shortfall_words, words
from edgeopt.report import format as fmt
from edgeopt.report.promise import Held, Promise
from edgeopt.search import aims, choose, evidence
from edgeopt.search.front import unbeaten

#: Fewer are named: the fastest ones are what a user would ask about.
PASSED_OVER = 2

#: So many times as slow as the chosen one at most is what a taken core may have slowed down.
OF_LOAD = 1.5


def choice_of(run: TargetRun, state: State) -> Choice:
    """The choice, with why, what was rejected, and what a reader should know of the machine."""
    chosen = state.chosen
    if chosen is None:
        choice = _nothing(run, state)
    elif run.context.scoring.unscored:
        choice = _unscored(run, state, chosen)
    elif run.placement.timed:
        choice = _measured(run, state, chosen)
    else:
        choice = _unmeasured(run, state, chosen)
    # What was well or unknown is in measurements/.
    notable = tuple(one for one in state.findings if one.state in ("warning", "failed"))
    return msgspec.structs.replace(
        choice,
        rejected=state.rejected,
        findings=notable,
        refinements=state.refinements,
        compression=state.compression,
    )


def _measured(run: TargetRun, state: State, chosen: Record) -> Choice:
    promise, left = _promise(run, state, chosen), _passed_over(run, state, chosen)
    return Choice(
        target=run.target,
        recipe_id=chosen.recipe_id,
        basis="measured",
        why=words.why(chosen, state.records, state.baseline, state.rejected, promise, state.aim),
        held=promise.held,
        needed=promise.needed,
        passed_over=left,
        more=promise.more,
        baseline_id=state.baseline,
        front=_front(state),
        warnings=(
            *fidelity_words.warnings(chosen),
            *words.without_interval(chosen),
            *aim_words.unchecked(chosen, state.constraints),
            *(words.passed_over(one, state.aim) for one in left),
            *_of_this_load(state, chosen),
        ),
    )


def _unscored(run: TargetRun, state: State, chosen: Record) -> Choice:
    """The choice where the inputs are random: a form in floats, which nothing confirmed."""
    tied = choose.tied_with(chosen, state.qualifying, state.baseline)
    return Choice(
        target=run.target,
        recipe_id=chosen.recipe_id,
        basis="measured" if run.placement.timed else "suggested",
        why=words.unscored(chosen, state.records, state.baseline, tied),
        suggestion=state.suggestion,
        baseline_id=state.baseline,
        front=(),
        warnings=fidelity_words.warnings(chosen),
    )


def _unmeasured(run: TargetRun, state: State, chosen: Record) -> Choice:
    promise = _promise(run, state, chosen)
    return Choice(
        target=run.target,
        recipe_id=chosen.recipe_id,
        basis="suggested",
        why=words.unmeasured(chosen, state.rejected, promise, state.aim),
        suggestion=state.suggestion,
        held=promise.held,
        needed=promise.needed,
        more=promise.more,
        baseline_id=None,
        front=(),
        warnings=(
            *fidelity_words.warnings(chosen),
            *words.without_interval(chosen),
            *aim_words.unchecked(chosen, state.constraints),
            *aim_words.unfollowed(state.aim),
        ),
    )


def _nothing(run: TargetRun, state: State) -> Choice:
    """The choice where nothing qualifies."""
    records, limits = state.records, state.constraints
    return Choice(
        target=run.target,
        recipe_id=None,
        basis="measured" if any(r.latency_ms for r in records) else "suggested",
        why=words.nothing(records),
        baseline_id=state.baseline,
        front=_front(state),
        misses=tuple(
            shortfall_words.miss(record, choose.shortfalls(record, limits))
            for record in choose.nearest(records, limits)
        ),
    )


def _promise(run: TargetRun, state: State, chosen: Record) -> Promise:
    """What the samples tell of a candidate that was confirmed."""
    drop, limits, scoring = chosen.confirm_drop, state.constraints, run.context.scoring
    assert drop is not None
    held: Held = "held" if drop.resolved and drop.judged <= limits.max_drop else "not told"
    needed = smallest_resolvable(scoring.metric, limits.max_drop)
    told = held == "held" or _short(needed, chosen.confirm_score)
    return Promise(
        held=held,
        likely=state.likely(chosen),
        needed=None if held == "held" else needed,
        more=None if told else _more(chosen, drop, limits.max_drop),
        constraints=limits,
        tied=choose.tied_with(chosen, state.qualifying, state.baseline, state.aim),
    )


def _short(needed: int | None, score: Score | None) -> bool:
    """Whether there are fewer samples, or groups of them, than it takes to show anything."""
    return needed is not None and score is not None and needed > score.independent


def _more(record: Record, drop: Drop, allowed: float) -> int | None:
    """How many more confirming samples would tell that a drop is below the allowed one.

    None where they look alike: nobody knows how many others would not.
    """
    bounds, score = fmt.drop_bounds(drop), record.confirm_score
    if bounds is None or (score is not None and score.alike is not None):
        return None
    return evidence.more_samples(drop.judged, bounds[1], allowed, drop.n)


def _passed_over(run: TargetRun, state: State, chosen: Record) -> tuple[PassedOver, ...]:
    """Forms that are better and lose no more here, of which other samples may lose more.

    Of a form with several numbers of threads or settings the best one.
    """
    better: dict[tuple[str, str, str | None], Record] = {}
    for other in choose.ranked(state.qualifying, state.baseline, state.aim):
        if state.likely(other) or not choose.better(other, chosen, state.baseline, state.aim):
            continue
        better.setdefault((other.runtime, other.precision, other.artifact), other)
    found = (_left(run, state, other, chosen) for other in better.values())
    return tuple(one for one in found if one is not None)[:PASSED_OVER]


def _left(run: TargetRun, state: State, other: Record, chosen: Record) -> PassedOver | None:
    """None where how much better it is, or what it may lose, is not known."""
    ours, theirs = (aims.relative(r, state.aim, state.baseline) for r in (chosen, other))
    bound, drop = evidence.bound(other), other.confirm_drop or other.drop
    if not ours or not theirs or bound is None or drop is None:
        return None
    (lost, n), allowed = evidence.lost(other), state.constraints.max_drop
    judged = other.confirm_score or chosen.confirm_score or other.score
    needed = smallest_resolvable(run.context.scoring.metric, allowed)
    short, alike = _short(needed, judged), bool(judged and judged.alike is not None)
    return PassedOver(
        recipe_id=str(other.recipe_id),
        title=other.title,
        times=ours / theirs,
        lost=lost,
        bound=bound,
        allowed=allowed,
        n=n,
        relative=drop.relative is not None,
        more=None if short or alike else evidence.more_samples(lost, bound, allowed, n),
        needed=needed if short else None,
        groups=bool(other.score and other.score.groups is not None),
        alike=alike,
    )


def _of_this_load(state: State, chosen: Record) -> tuple[str, ...]:
    """Where cores were taken: the next one of those that need more of them, or other ones.

    Load falls on all artifacts of a round alike, but on their cores it does not.
    """
    busy = any(one.check == "load" and one.state == "warning" for one in state.findings)
    ours = aims.relative(chosen, state.aim, state.baseline)
    if not busy or not ours or state.aim not in aims.OF_TIME:
        return ()
    for rival in state.ranked():
        theirs = aims.relative(rival, state.aim, state.baseline)
        if theirs and _needs_more(rival, chosen):
            near = 1 < theirs / ours <= OF_LOAD
            return (words.of_this_load(rival, theirs / ours),) if near else ()
    return ()


def _needs_more(rival: Record, chosen: Record) -> bool:
    """Of what was measured as well: whether it takes more threads, or any core at all."""
    theirs, ours = rival.recipe, chosen.recipe
    measured = [r.latency_ms.stage for r in (rival, chosen) if r.latency_ms]
    if theirs is None or ours is None or measured != ["final", "final"]:
        return False
    freer = theirs.affinity == "any" and ours.affinity != "any"
    return theirs.threads > ours.threads or (freer and theirs.threads == ours.threads)


def _front(state: State) -> tuple[str, ...]:
    return tuple(str(record.recipe_id) for record in unbeaten(state.records, state.baseline))
