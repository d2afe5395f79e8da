"""Charts of a study as data: the front, importances, curves, parallel coordinates. No markup."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from edgeopt.domain.study import Study, TrialRecord
from edgeopt.report import format as fmt
from edgeopt.report.scales import Scale, linear_ticks, positive_scale

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 320, 64, 16, 16, 44
LANE = 340

Place = tuple[float, float]


@dataclass(frozen=True)
class Mark:
    """A trial in its place. sort: "chosen", "front" or "other"."""

    x: float
    y: float
    sort: str
    tooltip: str


@dataclass(frozen=True)
class Line:
    """Points joined by a line, in SVG's words. sort: see `Mark`; also "pruned"."""

    points: str
    sort: str
    tooltip: str


@dataclass(frozen=True)
class Axis:
    """An upright axis of parallel coordinates, with the texts at their heights."""

    x: float
    title: str
    ticks: tuple[tuple[float, str], ...]


@dataclass(frozen=True)
class Chart:
    """Everything that a template has to draw."""

    title: str
    width: int
    height: int
    left: float
    bottom: float
    x_title: str = ""
    y_title: str = ""
    x_ticks: tuple[tuple[float, str], ...] = ()
    y_ticks: tuple[tuple[float, str], ...] = ()
    marks: tuple[Mark, ...] = ()
    lines: tuple[Line, ...] = ()
    axes: tuple[Axis, ...] = ()


@dataclass(frozen=True)
class Bar:
    """The share of one parameter: a text, and its length as a share of the widest."""

    name: str
    share: str
    length: float


def front(study: Study, target: str) -> Chart | None:
    """Score against latency on one target; None where none was timed."""
    seen = [
        (one, ms, one.score)
        for one in study.trials
        if one.state == "complete"
        and one.score is not None
        and (ms := one.latency_ms(target)) is not None
    ]
    if not seen:
        return None
    x = positive_scale([ms for _, ms, _ in seen], LEFT, WIDTH - RIGHT)
    y = _scale([score for _, _, score in seen], HEIGHT - BOTTOM, TOP)
    ordered = sorted(seen, key=lambda one: _rank(study, one[0]))
    return Chart(
        title=f"Score and latency on {target}",
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        bottom=HEIGHT - BOTTOM,
        x_title="Latency, ms" + (", log scale" if x.log else ""),
        y_title="Score",
        x_ticks=tuple((x(tick), fmt.tick(tick)) for tick in x.ticks),
        y_ticks=tuple((y(tick), fmt.tick(tick)) for tick in y.ticks),
        marks=tuple(
            Mark(x(ms), y(score), sort(study, one), _tooltip(one, ms)) for one, ms, score in ordered
        ),
    )


def curves(study: Study) -> Chart | None:
    """What trainings reported, over their steps; None where none reported twice."""
    told = [one for one in study.trials if one.curve]
    if not any(len(one.curve) > 1 for one in told):
        return None
    steps = [point.step for one in told for point in one.curve]
    x = _scale(steps, LEFT, WIDTH - RIGHT)
    y = _scale([point.score for one in told for point in one.curve], HEIGHT - BOTTOM, TOP)
    ordered = sorted(told, key=lambda one: _rank(study, one))
    return Chart(
        title="What trainings reported",
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        bottom=HEIGHT - BOTTOM,
        x_title="Step",
        y_title="Reported score",
        x_ticks=tuple((x(tick), fmt.tick(tick)) for tick in x.ticks if tick == int(tick)),
        y_ticks=tuple((y(tick), fmt.tick(tick)) for tick in y.ticks),
        lines=tuple(
            Line(
                _joined([(x(p.step), y(p.score)) for p in one.curve]),
                "pruned" if one.state == "pruned" else sort(study, one),
                _tooltip(one),
            )
            for one in ordered
        ),
    )


def parallel(study: Study) -> Chart | None:
    """One line a trial, across an axis for each parameter and the score; None for too few."""
    whole = [one for one in study.trials if one.state == "complete" and one.score is not None]
    names = list(dict.fromkeys(name for one in whole for name in one.params))
    if len(whole) < 2 or not names:
        return None
    columns = [*names, "score"]
    step = (WIDTH - LEFT - RIGHT) / max(1, len(columns) - 1)
    heights = {name: _column(whole, name) for name in columns}
    ordered = sorted(whole, key=lambda one: _rank(study, one))
    return Chart(
        title="Parameters and score",
        width=WIDTH,
        height=LANE,
        left=LEFT,
        bottom=LANE - BOTTOM,
        axes=tuple(
            Axis(round(LEFT + i * step, 1), name, heights[name][1])
            for i, name in enumerate(columns)
        ),
        lines=tuple(
            Line(
                _joined(
                    [
                        (LEFT + i * step, heights[name][0][one.number])
                        for i, name in enumerate(columns)
                        if one.number in heights[name][0]
                    ]
                ),
                sort(study, one),
                _tooltip(one),
            )
            for one in ordered
        ),
    )


def bars(shares: dict[str, float]) -> list[Bar]:
    """Importances, the largest first."""
    top = max(shares.values(), default=0.0) or 1.0
    ordered = sorted(shares.items(), key=lambda one: -one[1])
    return [Bar(name, str(fmt.share(share)), round(share / top, 3)) for name, share in ordered]


def sort(study: Study, one: TrialRecord) -> str:
    """How a trial is drawn."""
    if one.number == study.chosen:
        return "chosen"
    return "front" if one.number in study.front else "other"


def _rank(study: Study, one: TrialRecord) -> int:
    return ("other", "front", "chosen").index(sort(study, one))


def params_words(one: TrialRecord) -> str:
    """The parameters in one line."""
    return ", ".join(f"{name} {value_words(value)}" for name, value in one.params.items())


def value_words(value: object) -> str:
    """A parameter's value."""
    return fmt.significant(value) if isinstance(value, float) else str(value)


def _tooltip(one: TrialRecord, ms: float | None = None) -> str:
    told = [f"trial {one.number}", params_words(one)]
    if one.score is not None:
        told.append(f"score {fmt.score(one.score)}")
    if ms is not None:
        told.append(str(fmt.ms(ms)))
    return " · ".join(part for part in told if part)


def _scale(values: Sequence[float], start: float, end: float) -> Scale:
    low, high = min(values), max(values)
    air = 0.06 * (high - low) or 0.1 * abs(high) or 1.0
    return Scale(low - air, high + air, start, end)


def _column(
    trials: Sequence[TrialRecord], name: str
) -> tuple[dict[int, float], tuple[tuple[float, str], ...]]:
    """The height of each trial on an axis, and the axis's texts."""
    values = {
        one.number: one.score if name == "score" else one.params[name]
        for one in trials
        if name == "score" or name in one.params
    }
    numbers = {
        k: float(v)
        for k, v in values.items()
        if isinstance(v, int | float) and not isinstance(v, bool)
    }
    if len(numbers) == len(values):
        logs = _is_log(list(numbers.values()))
        place = math.log10 if logs else float
        scale = _scale([place(v) for v in numbers.values()], LANE - BOTTOM, TOP + 14)
        ticks = linear_ticks(scale.low, scale.high)
        texts = ((scale(t), fmt.tick(10**t if logs else t)) for t in ticks)
        return {k: scale(place(v)) for k, v in numbers.items()}, tuple(texts)
    words = sorted({str(v) for v in values.values()})
    scale = Scale(-0.5, len(words) - 0.5, LANE - BOTTOM, TOP + 14)
    at = {k: scale(words.index(str(v))) for k, v in values.items()}
    return at, tuple((scale(i), word[:14]) for i, word in enumerate(words))


def _is_log(values: Sequence[float]) -> bool:
    return min(values) > 0 and max(values) > 50 * min(values)


def _joined(points: Sequence[Place]) -> str:
    return " ".join(f"{round(x, 1)},{round(y, 1)}" for x, y in points)
