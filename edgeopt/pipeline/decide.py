"""The decision for one target: screened, measured, confirmed on held-out samples."""

from __future__ import annotations

from collections.abc import Sequence

from edgeopt.domain.recipe import LeftOut
from edgeopt.domain.record import Record
from edgeopt.domain.run import Choice, Miss
from edgeopt.domain.target import Profile
from edgeopt.harness.budget import SCREEN
from edgeopt.pipeline import promised, stress
from edgeopt.pipeline.finalists import Finalists, broken, confirm, nothing, replaced
from edgeopt.pipeline.refine import refine
from edgeopt.pipeline.sweep import sweep
from edgeopt.pipeline.target_run import TargetRun
from edgeopt.pipeline.timing import baseline_of, time_records
from edgeopt.report import fidelity_words, obstacle_words, words
from edgeopt.search import choose


def skipped(target: str, left: LeftOut) -> Record:
    """The record of a recipe that was left out."""
    return Record(
        target=target,
        device="none",
        runtime=left.runtime,
        precision=left.precision,
        recipe_id=None,
        recipe=None,
        status="skipped",
        step="space",
        reason=obstacle_words.reason(left.why),
        hint=obstacle_words.hint(left.why),
    )


def by_measurement(run: TargetRun, profile: Profile, records: Sequence[Record]) -> Choice:
    """Screen all candidates, measure the best ones again, confirm the fastest that qualifies."""
    constraints = run.call.constraints
    if not any(map(run.can_time, records)):
        return nothing(run, profile, records, None)
    alive = [r for r in records if run.can_time(r) or run.can_mend(r)]
    screened, found = time_records(
        run.evaluator, alive, SCREEN, run.call.seed, None, (), run.progress
    )
    kept = {r.key: run.keep(r) for r in screened}
    records = [kept.get(r.key, r) for r in records]
    baseline = baseline_of(records, run.evaluator.source.reference_runtime)
    records, refinements = refine(run, records, baseline)
    queue = choose.in_order(choose.qualifying(records, constraints), constraints, baseline)
    records, queue = sweep(run, records, queue, baseline)
    search = Finalists(run, profile, list(records), baseline, found, refinements)
    search.through(queue)
    return search.choice()


def by_profile(run: TargetRun, profile: Profile, records: Sequence[Record]) -> Choice:
    """No device of this target is at hand: the profile's order stands for the missing figures."""
    limits = run.call.constraints
    rejected: list[Miss] = []
    passed: list[Record] = []
    held = choose.qualifying(records, limits)
    for record in sorted(held, key=lambda r: not choose.likely(r, limits)):  # else as they stand
        if passed and not choose.likely(record, limits):
            break
        confirmed = run.keep(confirm(run, record))
        records = replaced(records, confirmed)
        missed = broken(confirmed, run)
        if missed:
            rejected.append(missed)
            continue
        passed.append(confirmed)
        if choose.likely(confirmed, limits):
            break
    chosen = choose.most_careful(passed)
    if chosen is None:
        return nothing(run, profile, records, None, tuple(rejected))
    chosen = stress.under_corruptions(run, chosen)
    said = promised.promise(run, chosen, records, None)
    return Choice(
        target=profile.name,
        recipe_id=chosen.recipe_id,
        basis="profile order",
        why=words.unmeasured(chosen, profile.name, tuple(rejected), said),
        held=said.held,
        needed=said.needed,
        baseline_id=None,
        front=(),
        rejected=tuple(rejected),
        warnings=(*fidelity_words.warnings(chosen), *words.without_interval(chosen)),
    )
