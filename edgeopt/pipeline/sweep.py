"""The leading candidates with other settings of their sessions, in one more screening."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from edgeopt.domain.latency import Verdict
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.record import Record
from edgeopt.pipeline.target_run import TargetRun
from edgeopt.pipeline.timing import time_variants
from edgeopt.report import step_words, untimed_words
from edgeopt.search import choose
from edgeopt.search.options import EFFORTS, variants


def sweep(
    run: TargetRun, records: Sequence[Record], queue: Sequence[Record], baseline: str | None
) -> tuple[list[Record], list[Record]]:
    """Try the settings that are worth it on the first of the queue.

    Settings that can change an answer are scored again. A variant that is FASTER than the
    candidate it comes from, and qualifies, takes its placement in the queue.

    Args:
        queue: candidates that qualify, best first.

    Returns:
        (the records, variants after the others; the queue).

    Raises:
        DeviceFailed: the device was lost.
    """
    planned = _planned(run, queue)
    over = {recipe.id: parent for recipe, parent in planned}
    made = [_untimed(run, r) for r in run.candidates([recipe for recipe, _ in planned])]
    alive = choose.qualifying(made, run.call.constraints)
    if not alive:
        return [*records, *made], list(queue)
    parents = {str(r.recipe_id): over[str(r.recipe_id)] for r in alive}
    tried = set(parents.values())
    again = [r for r in records if r.recipe_id in tried or r.recipe_id == baseline]
    timed, verdicts, _ = time_variants(
        run.evaluator, [*again, *alive], parents, run.call.seed + 2, baseline, run.progress
    )
    if not verdicts:  # nothing came of it: what was known before still holds
        return [*records, *made], list(queue)
    kept = {r.key: run.keep(_noted(r, verdicts.get(str(r.recipe_id)))) for r in timed}
    everything = [kept.get(r.key, r) for r in (*records, *made)]
    qualified = choose.qualifying(everything, run.call.constraints)
    winners = _winners(qualified, over, verdicts)
    now = {r.key: r for r in everything}
    return everything, [winners.get(str(r.recipe_id), now[r.key]) for r in queue]


def _planned(run: TargetRun, queue: Sequence[Record]) -> list[tuple[Recipe, str]]:
    """Variants, each with the recipe id of the candidate that it comes from."""
    effort, placement = EFFORTS[run.call.budget], run.placement
    machine = placement.machine or {}
    features = machine.get("features") or placement.profile.isa.features
    cores = machine.get("cores") or placement.profile.big_cores
    return [
        (variant, recipe.id)
        for recipe in (record.recipe for record in queue[: effort.leaders])
        if recipe is not None
        for variant in variants(recipe, features, cores, effort.sets)
    ]


def _untimed(run: TargetRun, record: Record) -> Record:
    """A variant that is scored, with the reason why it is not timed if it does not qualify."""
    if record.status == "ok" and choose.shortfalls(record, run.call.constraints):
        return run.keep(untimed_words.without_latency(record, "lossy-settings"))
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
    found: dict[str, Record] = {}
    for record in reversed(choose.ranked(qualified)):
        key = str(record.recipe_id)
        if key in verdicts and verdicts[key].word == "FASTER":
            found[over[key]] = record
    return found
