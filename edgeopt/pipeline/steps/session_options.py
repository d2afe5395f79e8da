"""Session options: the leading candidates with other settings, in one more screening."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from edgeopt.domain.latency import Verdict
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.record import Record
from edgeopt.pipeline.state import State
from edgeopt.pipeline.step import Skip
from edgeopt.pipeline.target_run import TargetRun
from edgeopt.pipeline.timing import VARIANTS, time_variants
from edgeopt.report import step_words, untimed_words
from edgeopt.search import choose
from edgeopt.search.options import EFFORTS, can_tell, leading, variants

Planned = list[tuple[Recipe, str]]


@dataclass(frozen=True)
class SessionOptions:
    """Settings that are worth it on the first of the queue, and on what may be as fast.

    Settings that can change an answer are scored again. A variant that is FASTER than the
    candidate it comes from, and qualifies, takes its place in the queue.
    """

    def why_skipped(self, run: TargetRun, state: State) -> Skip | None:
        planned = _planned(run, state)
        return planned if isinstance(planned, Skip) else None

    def advance(self, run: TargetRun, state: State) -> State:
        planned = _planned(run, state)
        if isinstance(planned, Skip):
            return state
        over = {recipe.id: parent for recipe, parent in planned}
        scored = [_untimed(run, state, r) for r in run.evaluated([recipe for recipe, _ in planned])]
        state = state.updated(scored)
        alive = choose.qualifying(scored, state.constraints)
        if not alive:
            return state
        parents = {str(r.recipe_id): over[str(r.recipe_id)] for r in alive}
        again = state.with_ids({*parents.values(), state.baseline})
        alive_keys = {r.key for r in alive}
        again = [r for r in again if r.key not in alive_keys]
        timed, verdicts = time_variants(
            run, [*again, *alive], parents, run.call.seed + 2, state.baseline
        )
        if not verdicts:  # nothing came of it: what was known before still holds
            return state
        noted = [_noted(record, verdicts.get(str(record.recipe_id))) for record in timed]
        state = state.updated(run.recorder.keep(noted))
        winners = _winners(state.qualifying, over, verdicts)
        queue = state.latest(state.queue)
        return state.queued([winners.get(str(r.recipe_id), r) for r in queue])


def _planned(run: TargetRun, state: State) -> Planned | Skip:
    """Which variants are tried, or why none is."""
    if not state.queue:
        return Skip("nothing qualifies")
    if state.aim == "energy":
        return Skip("settings are compared by their times, and energy is aimed at")
    planned = _variants(run, state)
    if not planned:
        return Skip("no other settings are worth it")
    told = _told(state, planned)
    return told or Skip("launches of what is so fast differ by more than any setting wins")


def _told(state: State, planned: Planned) -> Planned:
    """Those of which the schedule could tell that they are faster."""
    measured = {variant.id for variant, _ in planned} | {parent for _, parent in planned}
    count = len(measured | {str(state.baseline)})
    fast = {
        record.recipe_id
        for record in state.latest(state.queue)
        if record.latency_ms and not can_tell(record.latency_ms.p50, VARIANTS.looks, count)
    }
    return [one for one in planned if one[1] not in fast]


def _variants(run: TargetRun, state: State) -> Planned:
    """Each with the recipe id of the candidate that it comes from."""
    effort, profile = EFFORTS[run.call.budget], run.placement.profile
    machine = run.placement.machine or {}
    features = machine.get("features") or profile.isa.features
    cores = machine.get("cores") or profile.big_cores
    return [
        (variant, recipe.id)
        for recipe in (r.recipe for r in leading(state.latest(state.queue), effort.leaders))
        if recipe is not None
        for variant in variants(recipe, features, cores, effort.sets)
    ]


def _untimed(run: TargetRun, state: State, record: Record) -> Record:
    """A variant that is scored, with the reason why it is not timed if it does not qualify."""
    if record.status == "ok" and choose.shortfalls(record, state.constraints):
        [record] = run.recorder.keep([untimed_words.without_latency(record, "lossy-settings")])
    return record


def _noted(record: Record, verdict: Verdict | None) -> Record:
    """A variant says how it stands to the candidate that it comes from."""
    if verdict is None:
        return record
    note = step_words.of_settings(verdict)
    notes = dict.fromkeys((*record.notes, note))  # known from an earlier call, it says the same
    return msgspec.structs.replace(record, notes=tuple(notes))


def _winners(
    qualified: Sequence[Record], over: Mapping[str, str], verdicts: Mapping[str, Verdict]
) -> dict[str, Record]:
    """Recipe id of a candidate -> its fastest variant, if that is FASTER."""
    winners: dict[str, Record] = {}
    for record in reversed(choose.ranked(qualified)):
        key = str(record.recipe_id)
        if key in verdicts and verdicts[key].word == "FASTER":
            winners[over[key]] = record
    return winners
