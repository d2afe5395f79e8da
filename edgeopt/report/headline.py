"""What comes first: the choice for one target, and the figures that speak for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from edgeopt.domain.record import Record
from edgeopt.domain.run import Choice, Run
from edgeopt.report import format as fmt


@dataclass(frozen=True)
class Figure:
    """One figure: what it is, its value, and its interval or what else it rests on."""

    label: str
    value: str
    detail: str = ""


@dataclass(frozen=True)
class Headline:
    """The choice for one target. `name` is "" where nothing qualified."""

    target: str
    name: str
    title: str
    why: str
    figures: tuple[Figure, ...]
    choice: Choice


def headline(run: Run, choice: Choice) -> Headline:
    """The headline of one choice."""
    record = run.record(choice.target, choice.recipe_id) if choice.recipe_id else None
    return Headline(
        target=choice.target,
        name=record.name if record else "",
        title=record.title if record and record.recipe else "",
        why=choice.why,
        figures=tuple(_figures(run, record)) if record else (),
        choice=choice,
    )


def _figures(run: Run, record: Record) -> Iterator[Figure]:
    """Latency, speed-up, score and drop (the confirming ones if there are), size."""
    latency = record.measured
    if latency:
        bounds = fmt.interval(latency.p50_low, latency.p50_high, fmt.ms)
        yield Figure("Latency p50", fmt.ms(latency.p50), bounds)
    else:
        reason = record.latency_reason or "no measurement on a device of this target"
        yield Figure("Latency", "not measured", reason)
    verdict = record.versus_baseline
    if verdict:
        over = run.record(record.target, verdict.over)
        label = f"Against {over.name}" if over else "Against the baseline"
        bounds = fmt.verdict_bounds(verdict)
        yield Figure(label, fmt.ratio(verdict.ratio), f"{verdict.word.lower()}, {bounds}")
    yield from _quality(record)
    yield Figure("Size", fmt.size(record.size_bytes))
    energy = record.energy
    if energy and energy.gross_mj is not None:
        value = fmt.millijoules(energy.gross_mj)
        yield Figure("Energy per inference", value, f"{energy.covers}, {energy.meter}")


def _quality(record: Record) -> Iterator[Figure]:
    """Score and drop on the held-out samples, else on those that the choice was made by."""
    confirmed = record.confirm_score is not None
    score = record.confirm_score or record.score
    drop = record.confirm_drop if confirmed else record.drop
    if score:
        bounds = fmt.score_interval(score)
        label = score.metric[:1].upper() + score.metric[1:] + (", confirmed" if confirmed else "")
        yield Figure(label, fmt.score(score.value), f"{bounds}, {fmt.sample_size(score.n)}")
    if drop:
        label = "Drop, confirmed" if confirmed else "Drop"
        yield Figure(label, fmt.drop(drop), f"{fmt.drop_interval(drop)}, {fmt.sample_size(drop.n)}")
