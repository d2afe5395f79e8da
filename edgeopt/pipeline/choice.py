"""The choice for one target, said: what a run decided from the state that its steps came to."""

from __future__ import annotations

import msgspec

from edgeopt.datasets.scores import smallest_resolvable
from edgeopt.domain.record import Record
from edgeopt.domain.run import Choice
from edgeopt.pipeline.state import State
from edgeopt.pipeline.target_run import TargetRun
from edgeopt.report import fidelity_words, shortfall_words, words
from edgeopt.report.promise import Held, Promise
from edgeopt.search import choose

#: Fewer are named: the fastest ones are what a user would ask about.
PASSED_OVER = 2


def choice_of(run: TargetRun, state: State) -> Choice:
    """The choice, with why, what was rejected, and what a reader should know of the machine."""
    chosen = state.chosen
    if chosen is None:
        choice = _nothing(run, state)
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
    promise = _promise(run, state, chosen)
    return Choice(
        target=run.target,
        recipe_id=chosen.recipe_id,
        basis="measured",
        why=words.why(chosen, state.records, state.baseline, state.rejected, promise),
        held=promise.held,
        needed=promise.needed,
        baseline_id=state.baseline,
        front=_front(state),
        warnings=(
            *fidelity_words.warnings(chosen),
            *words.without_interval(chosen),
            *_passed_over(state, chosen),
        ),
    )


def _unmeasured(run: TargetRun, state: State, chosen: Record) -> Choice:
    promise = _promise(run, state, chosen)
    return Choice(
        target=run.target,
        recipe_id=chosen.recipe_id,
        basis="profile order",
        why=words.unmeasured(chosen, run.target, state.rejected, promise),
        held=promise.held,
        needed=promise.needed,
        baseline_id=None,
        front=(),
        warnings=(*fidelity_words.warnings(chosen), *words.without_interval(chosen)),
    )


def _nothing(run: TargetRun, state: State) -> Choice:
    """The choice where nothing qualifies."""
    records, limits = state.records, state.constraints
    return Choice(
        target=run.target,
        recipe_id=None,
        basis="measured" if any(r.latency_ms for r in records) else "profile order",
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
    return Promise(
        held=held,
        likely=state.likely(chosen),
        needed=None if held == "held" else needed,
        constraints=limits,
        tied=choose.tied_with(chosen, state.qualifying, state.baseline),
    )


def _passed_over(state: State, chosen: Record) -> tuple[str, ...]:
    """Candidates that are faster and lose no more here, of which other samples may lose more."""
    faster = [
        other
        for other in choose.ranked(state.qualifying, state.baseline)
        if not state.likely(other) and choose.faster(other, chosen, state.baseline)
    ]
    sentences = (words.passed_over(other, chosen, state.baseline) for other in faster[:PASSED_OVER])
    return tuple(filter(None, sentences))


def _front(state: State) -> tuple[str, ...]:
    return tuple(str(record.recipe_id) for record in choose.front(state.records, state.baseline))
