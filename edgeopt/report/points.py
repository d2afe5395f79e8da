"""The candidates of a target as points: latency against drop, each with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from edgeopt.domain.record import Record
from edgeopt.domain.run import Run
from edgeopt.report import format as fmt
from edgeopt.report import loss
from edgeopt.report.table import settings
from edgeopt.search.choose import qualifies

SHAPES = {
    "fp32": "M-5 0A5 5 0 1 0 5 0A5 5 0 1 0 -5 0Z",
    "fp16": "M-4.4 -4.4H4.4V4.4H-4.4Z",
    "bf16": "M-2.1 -5.5H2.1V-2.1H5.5V2.1H2.1V5.5H-2.1V2.1H-5.5V-2.1H-2.1Z",
    "int8-static": "M0 -6.2L6.2 0L0 6.2L-6.2 0Z",
    "int8-dynamic": "M0 -6L5.8 4.4H-5.8Z",
    "int8-weights": "M0 6L5.8 -4.4H-5.8Z",
    "fp16-2to4": "M-4.4 -4.4H4.4V4.4H0V0H-4.4Z",
    "as-is": "M0 -6L5.2 -3V3L0 6L-5.2 3V-3Z",
}
"""Outlines around (0, 0), one for each precision."""


@dataclass(frozen=True)
class Point:
    """A measured candidate. `y` as a share (0.01 is one point); `x` and `y` with bounds.

    Attributes:
        x: a time in ms; of one that takes several samples at once, of a sample. Where `of` names
            the baseline, a share of its time in the same schedule.
        p50_ms: the measured time of a sample, whatever `x` is.
        y_text: the loss as a figure. y_told: as a verb: "loses 0.8 points".
        settings: what tells it from others of its form.
    """

    recipe_id: str
    form: str
    threads: int
    runtime: str
    precision: str
    tooltip: str
    x: float
    x_low: float
    x_high: float
    y: float
    y_low: float
    y_high: float
    y_text: str
    y_told: str = ""
    settings: tuple[str, ...] = ()
    chosen: bool = False
    baseline: bool = False
    on_front: bool = False
    qualifies: bool = False
    batch: int = 1
    p50_ms: float = 0.0
    of: str = ""

    @property
    def with_threads(self) -> str:
        return fmt.count(self.threads, "thread")


def points(run: Run, target: str) -> list[Point]:
    """The candidates that have both a measured latency and a drop, in the journal's order.

    Milliseconds of two schedules are not compared: where there are several, the points show the
    share of the baseline's time in the same schedule, if each has one.
    """
    found = [
        (record, point)
        for record in run.records
        if record.target == target and (point := _point(run, record))
    ]
    in_ms = [point for _, point in found]
    stages = {one.measured.stage for one, _ in found if one.measured}
    if len(stages) < 2:
        return in_ms
    baseline = next((point.form for point in in_ms if point.baseline), "")
    as_shares = [_as_share(record, point, baseline) for record, point in found]
    in_shares = [point for point in as_shares if point]
    return in_shares if baseline and len(in_shares) == len(in_ms) else in_ms


def _as_share(record: Record, point: Point, baseline: str) -> Point | None:
    """The point with its time as a share of the baseline's; None where they never ran together."""
    if point.baseline:
        return replace(point, x=1.0, x_low=1.0, x_high=1.0, of=baseline)
    verdict = record.versus_baseline
    if verdict is None or verdict.ratio <= 0:
        return None
    share = 1 / verdict.ratio
    low, high = 1 / (verdict.high or verdict.ratio), 1 / (verdict.low or verdict.ratio)
    return replace(point, x=share, x_low=low, x_high=high, of=baseline)


def runtimes(points: Sequence[Point]) -> list[str]:
    """The runtimes in the order of their colours."""
    return sorted({point.runtime for point in points})


def precisions(points: Sequence[Point]) -> list[str]:
    """The precisions of these points, the finest first."""
    found = {point.precision for point in points}
    return [p for p in SHAPES if p in found] + sorted(found - SHAPES.keys())


def _point(run: Run, record: Record) -> Point | None:
    """The point of a record, None where it was not timed or has no drop."""
    latency, drop, recipe = record.measured, record.drop, record.recipe
    if latency is None or drop is None or recipe is None or record.recipe_id is None:
        return None
    choice = run.choice(record.target)
    low, high = fmt.drop_bounds(drop) or (drop.judged, drop.judged)
    lines = (
        str(recipe),
        f"{fmt.ms(latency.p50)} ({fmt.interval(latency.p50_low, latency.p50_high, fmt.ms)})",
        f"{fmt.lost(drop)} on the choosing samples",
        fmt.size(record.size_bytes),
    )
    return Point(
        recipe_id=record.recipe_id,
        form=record.name,
        threads=recipe.threads,
        runtime=record.runtime,
        precision=record.precision,
        tooltip=" · ".join(lines),
        p50_ms=latency.p50 / recipe.batch,
        x=latency.p50 / recipe.batch,
        x_low=latency.p50_low / recipe.batch,
        x_high=latency.p50_high / recipe.batch,
        y=drop.judged,
        y_low=low,
        y_high=high,
        y_text=fmt.drop(drop),
        y_told=loss.told(drop),
        settings=settings(recipe),
        chosen=choice is not None and record.recipe_id == choice.recipe_id,
        baseline=choice is not None and record.recipe_id == choice.baseline_id,
        on_front=choice is not None and record.recipe_id in choice.front,
        qualifies=qualifies(record, run.request.constraints),
        batch=recipe.batch,
    )
