"""What comes first on the page: whether it holds, before and after, what is lost and for whom."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from edgeopt.domain.record import Record
from edgeopt.domain.run import Choice, Constraints, Run
from edgeopt.domain.score import Drop
from edgeopt.report import aim_words, beside_limit, bundle_usage, loss, roof_words
from edgeopt.report import format as fmt
from edgeopt.report.aimed_changes import Change, figure_changes
from edgeopt.report.lost_for import lost_for
from edgeopt.report.metric_name import metric_title
from edgeopt.report.reasons import exceptions, reasons
from edgeopt.report.source_value import source_value
from edgeopt.report.table import settings

State = Literal["holds", "unsure", "suggested", "unscored", "none", "running"]

TITLES: dict[State, str] = {
    "holds": "Holds",
    "unsure": "Not proven",
    "suggested": "Suggested, not timed",
    "unscored": "Timed, not scored",
    "none": "Nothing qualified",
    "running": "Not finished",
}


@dataclass(frozen=True)
class Answer:
    """Everything that is said before any table. `name` is "" where nothing was chosen.

    Attributes:
        said: the state in a sentence. settings: the rest of the recipe.
        lost: what is lost, and for whom. why: at most three reasons. exceptions: what was kept in
            float, rejected, or passed over. roof: how near it comes to what its device can do; ""
            where that was not measured. sentence: the choice in one sentence, as stored.
        needs, arguments: of the bundle's run.py: what is installed for it, and how it is called.
    """

    state: State
    title: str
    said: str
    name: str = ""
    settings: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    lost: tuple[str, ...] = ()
    why: tuple[str, ...] = ()
    exceptions: tuple[str, ...] = ()
    sentence: str = ""
    bundle: str = ""
    size: str = ""
    roof: str = ""
    needs: str = ""
    arguments: str = ""

    def change(self, label: str) -> Change | None:
        return next((one for one in self.changes if one.label == label), None)


def answer(run: Run, choice: Choice | None) -> Answer:
    """The answer for one target."""
    if choice is None:
        said = "This run has not come to a choice for this target."
        return Answer("running", TITLES["running"], said)
    record = run.record(choice.target, choice.recipe_id) if choice.recipe_id else None
    if record is None or record.recipe is None:
        return Answer("none", TITLES["none"], choice.why)
    baseline = run.record(choice.target, choice.baseline_id)
    limits = run.request.constraints
    state = _state(choice, record, limits)
    return Answer(
        state=state,
        title=TITLES[state],
        said=_said(state, choice, record, limits),
        name=record.name,
        settings=settings(record.recipe),
        changes=tuple(_changes(run, record, baseline)),
        lost=tuple(lost_for(record)),
        why=reasons(run, choice, record),
        exceptions=tuple(exceptions(choice, record)),
        sentence=choice.why,
        bundle=choice.bundle or "",
        size=fmt.size(record.size_bytes),
        roof=roof_words.line(choice.roof),
        needs=bundle_usage.needs(run.data.task),
        arguments=bundle_usage.arguments(run.data.task)[0],
    )


def _state(choice: Choice, record: Record, limits: Constraints) -> State:
    if record.random_inputs:
        return "unscored"
    if choice.basis != "measured":
        return "suggested"
    drop = record.confirm_drop
    if choice.held is None and drop is not None:  # runs of before say it by the interval alone
        return "holds" if drop.resolved and drop.judged <= limits.max_drop else "unsure"
    return "holds" if choice.held == "held" else "unsure"


def _said(state: State, choice: Choice, record: Record, limits: Constraints) -> str:
    """The state in one sentence."""
    if state == "unscored":
        return "The inputs were random: nothing was scored, and only data tells what is lost."
    drop = record.confirm_drop
    if drop is None:
        return "No held-out samples were scored."
    lost, allowed = beside_limit.drop(drop, limits.max_drop)
    samples = fmt.count(drop.n, "held-out sample")
    if state == "holds":
        return f"On {samples} it keeps what was asked: at most {allowed} may be lost."
    more = _needed(choice, record, drop)
    proven = f"It {lost} on {samples}, and {allowed} are allowed"
    if choice.held == "held":
        return f"{proven}. Nothing was timed."
    untimed = " Nothing was timed." if state == "suggested" else ""
    return f"{proven}; for other samples, these are too few to tell.{more}{untimed}"


def _needed(choice: Choice, record: Record, drop: Drop) -> str:
    """How many samples, or groups of them, it takes at least, where there are fewer."""
    score = record.confirm_score
    if choice.needed is None or choice.needed <= (score.independent if score else drop.n):
        return ""
    if score is not None and score.groups is not None:
        return f" At least {fmt.count(choice.needed, 'group')} are needed."
    alike = " that do not look alike" if score is not None and score.alike is not None else ""
    return f" At least {fmt.count(choice.needed, 'sample')}{alike} are needed."


def _changes(run: Run, record: Record, baseline: Record | None) -> Iterator[Change]:
    yield _time(record, baseline, run.request.constraints.max_latency_ms)
    yield from figure_changes(run, record, baseline)
    yield _size(run, record, baseline)
    yield from _score(record, run.request.constraints)
    yield from _energy(record, baseline, run.request.constraints.max_energy_mj)


def _time(record: Record, baseline: Record | None, limit: float | None) -> Change:
    allowed = f"allowed: {fmt.ms(limit)}" if limit is not None else ""
    latency, verdict = record.measured, record.versus_baseline
    if latency is None:
        reason = record.latency_reason or "no measurement on a device of this target"
        return Change("Time", "", "not measured", "", reason, allowed)
    after = aim_words.p50(record)
    if verdict is None:
        own = baseline is not None and baseline.recipe_id == record.recipe_id
        bounds = fmt.interval(latency.p50_low, latency.p50_high, fmt.ms)
        detail = f"median; 95 % interval {bounds}"
        return Change("Time", "", after, "the baseline itself" if own else "", detail, allowed)
    then = baseline.measured if baseline else None
    before = fmt.ms(then.p50) if then and then.stage == latency.stage else ""
    detail = (
        f"{fmt.verdict_bounds(verdict)}, against {baseline.name if baseline else 'the baseline'}"
    )
    several = record.recipe is not None and record.recipe.batch > 1
    told = f"{_pace(verdict.word, verdict.ratio)}{' for each sample' * several}"
    return Change("Time", before, after, told, detail, allowed)


def _pace(word: str, ratio: float) -> str:
    if word == "EQUIVALENT":
        return "as fast"
    unsure = ", not told apart" if word == "INCONCLUSIVE" else ""
    return f"{fmt.factor(ratio)} times as fast{unsure}"


def _size(run: Run, record: Record, baseline: Record | None) -> Change:
    limit = run.request.constraints.max_size_bytes
    allowed = f"allowed: {fmt.size(limit)}" if limit is not None else ""
    before = baseline.size_bytes if baseline and baseline.size_bytes else run.source.size_bytes
    what = f"against {baseline.name}" if baseline and baseline.size_bytes else "against the source"
    after = record.size_bytes
    if not after or not before:
        return Change("Size", "", fmt.size(after), limit=allowed)
    if round(before / after, 2) == 1:
        return Change("Size", "", fmt.size(after), "the same", what, allowed)
    told = (
        f"{fmt.factor(before / after)} times smaller"
        if before > after
        else f"{fmt.factor(after / before)} times as large"
    )
    return Change("Size", fmt.size(before), fmt.size(after), told, what, allowed)


def _score(record: Record, limits: Constraints) -> Iterator[Change]:
    """The score on held-out samples; where none were scored, on those that it was chosen by."""
    held_out = record.confirm_score is not None
    score = record.confirm_score or record.score
    drop = record.confirm_drop if held_out else record.drop
    if score is None:
        return
    shares = loss.in_shares(score, drop)
    part = "held-out sample" if held_out else "choosing sample"
    samples = f"on {fmt.count(score.n, part)}"
    after = loss.score_text(score.value, shares)
    if drop is None or math.isnan(drop.value):
        yield Change(metric_title(score.metric), "", after, "", samples)
        return
    found = loss.bounds(drop)
    lost, allowed = beside_limit.drop(drop, limits.max_drop)
    yield Change(
        metric_title(score.metric),
        loss.score_text(source_value(score, drop), shares),
        after,
        lost,
        f"{found}, {samples}" if found else samples,
        f"allowed: {allowed}",
    )


def _energy(record: Record, baseline: Record | None, limit: float | None) -> Iterator[Change]:
    energy = record.energy
    if energy is None or energy.gross_mj is None:
        return
    before = baseline.energy.gross_mj if baseline and baseline.energy else None
    own = baseline is not None and baseline.recipe_id == record.recipe_id
    yield Change(
        "Energy per inference",
        "" if before is None or own else fmt.millijoules(before),
        fmt.millijoules(energy.gross_mj),
        detail=f"{energy.covers}, {energy.meter}",
        limit=f"allowed: {fmt.millijoules(limit)}" if limit is not None else "",
    )
