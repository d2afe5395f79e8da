"""The steps of the search for a smaller model, as rows of text, each with its training curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from edgeopt.compress.curve import Curve
from edgeopt.domain.compression import CompressionStep
from edgeopt.domain.run import Choice, Run
from edgeopt.report import format as fmt
from edgeopt.report import loss
from edgeopt.report.scales import Scale

WIDTH, HEIGHT, EDGE = 150.0, 44.0, 4.0


@dataclass(frozen=True)
class CurveView:
    """Two lines of SVG points, and the place of the epoch that was taken."""

    width: int
    height: int
    train: str
    held_out: str
    best: tuple[float, float]
    label: str


@dataclass(frozen=True)
class SmallerRow:
    """One step."""

    title: str
    weights: str
    size: str
    drop: str
    speed: str
    kept: bool
    why: str
    curve: CurveView | None


def smaller(run: Run, choice: Choice) -> list[SmallerRow]:
    """The rows of one target; none where nothing was asked for."""
    relative = any(r.drop and r.drop.relative is not None for r in run.records)
    return [_row(step, Path(run.folder), relative) for step in choice.compression]


def _row(step: CompressionStep, folder: Path, relative: bool) -> SmallerRow:
    speed = fmt.DASH
    if step.ratio is not None:
        speed = fmt.factor(step.ratio)
        if step.low is not None and step.high is not None:
            speed = f"{speed} ({fmt.interval(step.low, step.high, fmt.factor)})"
    return SmallerRow(
        title=step.title,
        weights=fmt.DASH if step.parameters is None else fmt.whole(step.parameters),
        size=fmt.size(step.size_bytes),
        drop=fmt.percent(step.drop) if relative else loss.of_value(step.drop),
        speed=speed,
        kept=step.kept,
        why=f"{step.why}. {step.note}".strip() if step.note else step.why,
        curve=_curve(folder / step.curve) if step.curve else None,
    )


def _curve(path: Path) -> CurveView | None:
    """The drawing of a training; None where its file is gone."""
    try:
        curve = msgspec.json.decode(path.read_bytes(), type=Curve)
    except (OSError, ValueError):
        return None
    return drawn(curve)


def drawn(curve: Curve) -> CurveView | None:
    """Loss by epoch on a log scale; None where there is no loss to draw."""
    train = [(e.number, e.loss) for e in curve.epochs if e.loss is not None and e.loss > 0]
    held = [(e.number, e.held_out) for e in curve.epochs if e.held_out and e.held_out > 0]
    values = [value for _, value in (*train, *held)]
    if not held or curve.best not in dict(held):
        return None
    low, high = min(values), max(values)
    across = Scale(0, max(1, curve.epochs[-1].number), EDGE, WIDTH - EDGE)
    down = Scale(low, max(high, low * 1.01), HEIGHT - EDGE, EDGE, log=True)
    best = dict(held)[curve.best]
    what = "labels and source" if curve.labels else "the source's answers"
    return CurveView(
        width=int(WIDTH),
        height=int(HEIGHT),
        train=_points(train, across, down),
        held_out=_points(held, across, down),
        best=(across(curve.best), down(best)),
        label=f"{curve.epochs[-1].number} epochs, {curve.samples} samples, {what}",
    )


def _points(pairs: Sequence[tuple[int, float]], across: Scale, down: Scale) -> str:
    return " ".join(f"{across(number)},{down(value)}" for number, value in pairs)
