"""The decision for one target: screened, measured, confirmed on samples no choice has seen."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from edgeopt.domain.errors import StepFailed
from edgeopt.domain.finding import Finding
from edgeopt.domain.layers import Refinement
from edgeopt.domain.recipe import LeftOut
from edgeopt.domain.record import Record
from edgeopt.domain.run import Choice, Constraints, Miss
from edgeopt.domain.target import Profile
from edgeopt.harness.budget import BUDGETS, SCREEN
from edgeopt.pipeline import stress
from edgeopt.pipeline.refine import refine
from edgeopt.pipeline.station import Station
from edgeopt.pipeline.sweep import sweep
from edgeopt.pipeline.timing import baseline_of, time_records
from edgeopt.report import fidelity_words, words
from edgeopt.search import choose

FINALISTS = 3


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
        reason=left.reason,
        hint=left.hint,
    )


def by_measurement(station: Station, profile: Profile, records: Sequence[Record]) -> Choice:
    """Screen all candidates, measure the best ones again, confirm the fastest that qualifies."""
    constraints = station.call.constraints
    if not any(map(station.can_time, records)):
        return _nothing(station, profile, records, None)
    alive = [r for r in records if station.can_time(r) or station.can_mend(r)]
    screened, found = time_records(
        station.shop, alive, SCREEN, station.call.seed, None, (), station.progress
    )
    kept = {r.key: station.keep(r) for r in screened}
    records = [kept.get(r.key, r) for r in records]
    baseline = baseline_of(records, station.shop.source.reference_runtime)
    records, refinements = refine(station, records, baseline)
    rejected: list[Miss] = []
    queue = choose.ranked(choose.qualifying(records, constraints), baseline)
    records, queue = sweep(station, records, queue, baseline)
    while queue:
        finalists, queue = queue[:FINALISTS], queue[FINALISTS:]
        records, found = _measure_again(station, records, finalists, baseline)
        keys = [r.recipe_id for r in finalists]
        measured = [r for r in records if r.recipe_id in keys]
        held = choose.qualifying(measured, constraints)
        rejected += [_gone(r, constraints) for r in measured if r not in held]
        for record in choose.ranked(held):
            confirmed = _confirm(station, record)
            records = _replace(records, station.keep(confirmed))
            missed = _broken(confirmed, station)
            if not missed:
                confirmed = stress.under_corruptions(station, confirmed)
                records = _replace(records, confirmed)
                choice = _chosen(profile, records, confirmed, baseline, tuple(rejected))
                return _with_findings(choice, found, refinements)
            rejected.append(missed)
    choice = _nothing(station, profile, records, baseline, tuple(rejected))
    return _with_findings(choice, found, refinements)


def _with_findings(
    choice: Choice, found: Sequence[Finding], refinements: tuple[Refinement, ...]
) -> Choice:
    """What a reader should know of the machine; what was well or unknown is in measurements/."""
    notable = tuple(one for one in found if one.state in ("warning", "failed"))
    return msgspec.structs.replace(choice, findings=notable, refinements=refinements)


def _gone(record: Record, constraints: Constraints) -> Miss:
    """A finalist that the longer measurement disqualified."""
    return _miss(record, record.reason or "; ".join(choose.misses(record, constraints)))


def _measure_again(
    station: Station, records: Sequence[Record], finalists: Sequence[Record], baseline: str | None
) -> tuple[list[Record], tuple[Finding, ...]]:
    """The finalists with the fp32 forms they are compared with, in fresh launches."""
    wanted = {r.recipe_id for r in finalists} | {baseline}
    like = {(r.runtime, r.recipe.threads) for r in finalists if r.recipe}
    # The first of a runtime and its threads: what comes after it are its variants.
    floats = {
        (r.runtime, r.recipe.threads): r.recipe_id
        for r in reversed(records)
        if r.recipe
        and r.precision == "fp32"
        and not r.instead
        and r.latency_ms
        and not r.recipe.compression
    }
    wanted |= {floats[key] for key in like if key in floats}
    group = [r for r in records if r.latency_ms and r.recipe_id in wanted]
    contested = [str(r.recipe_id) for r in finalists]
    budget, seed = BUDGETS[station.call.budget], station.call.seed + 1
    measured, found = time_records(
        station.shop, group, budget, seed, baseline, contested, station.progress
    )
    for record in measured:
        records = _replace(records, station.keep(record))
    return list(records), found


def _replace(records: Sequence[Record], new: Record) -> list[Record]:
    return [new if r.key == new.key else r for r in records]


def _confirm(station: Station, record: Record) -> Record:
    """Score a candidate on the part that no choice has seen, with the very options that ship."""
    assert record.recipe is not None
    station.progress(f"confirming {record.recipe}")
    shop, exam = station.shop, station.confirm
    try:
        artifact = shop.artifact(record.recipe)
        with shop.conversions.turns.working():
            answers, _ = shop.answers(record.recipe, artifact, exam)
            score, drop = exam.marks(shop.judge, answers, shop.output, shop.max_drop)
            effects = shop.slices(exam, answers)
    except StepFailed as error:
        return msgspec.structs.replace(
            record, status=error.status, step="score", reason=error.reason, hint=error.hint
        )
    return msgspec.structs.replace(
        record, confirm_score=score, confirm_drop=drop, confirm_slices=effects
    )


def _broken(record: Record, station: Station) -> Miss | None:
    """The promise that a candidate broke when it was confirmed, or None."""
    if record.status != "ok":
        return _miss(record, f"confirming it failed: {record.reason}")
    missed = choose.misses(record, station.call.constraints)
    return _miss(record, "; ".join(missed)) if missed else None


def _miss(record: Record, why: str) -> Miss:
    return Miss(recipe_id=record.recipe_id or "", title=record.title, why=why)


def _chosen(
    profile: Profile,
    records: Sequence[Record],
    record: Record,
    baseline: str | None,
    rejected: tuple[Miss, ...],
) -> Choice:
    return Choice(
        target=profile.name,
        recipe_id=record.recipe_id,
        basis="measured",
        why=words.why(record, records, baseline, rejected),
        baseline_id=baseline,
        front=_front(records, baseline),
        rejected=rejected,
        warnings=(*fidelity_words.warnings(record), *words.unresolved(record)),
    )


def _front(records: Sequence[Record], baseline: str | None) -> tuple[str, ...]:
    return tuple(str(r.recipe_id) for r in choose.front(records, baseline))


def _nothing(
    station: Station,
    profile: Profile,
    records: Sequence[Record],
    baseline: str | None,
    rejected: tuple[Miss, ...] = (),
) -> Choice:
    return Choice(
        target=profile.name,
        recipe_id=None,
        basis="measured" if any(r.latency_ms for r in records) else "profile order",
        why=words.nothing(records),
        baseline_id=baseline,
        front=_front(records, baseline),
        misses=choose.nearest_misses(records, station.call.constraints),
        rejected=rejected,
    )


def by_profile(station: Station, profile: Profile, records: Sequence[Record]) -> Choice:
    """No device of this target is at hand: the profile's order stands for the missing figures."""
    rejected: list[Miss] = []
    for record in choose.qualifying(records, station.call.constraints):
        confirmed = _confirm(station, record)
        records = _replace(records, station.keep(confirmed))
        missed = _broken(confirmed, station)
        if missed:
            rejected.append(missed)
            continue
        confirmed = stress.under_corruptions(station, confirmed)
        return Choice(
            target=profile.name,
            recipe_id=confirmed.recipe_id,
            basis="profile order",
            why=words.unmeasured(confirmed, profile.name, tuple(rejected)),
            baseline_id=None,
            front=(),
            rejected=tuple(rejected),
            warnings=(*fidelity_words.warnings(confirmed), *words.unresolved(confirmed)),
        )
    return _nothing(station, profile, records, None, tuple(rejected))
