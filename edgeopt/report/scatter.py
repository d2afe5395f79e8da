"""Latency against drop as data for a picture: pure functions, no markup."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edgeopt.report import format as fmt
from edgeopt.report.distinct import distinct
from edgeopt.report.labels import Box, Label, Wish, place, text_width
from edgeopt.report.points import SHAPES, Point, runtimes
from edgeopt.report.scales import Scale, positive_scale

COLOURS = 6
"""How many colours the style sheet has for runtimes; a further runtime begins anew."""

SPAN = 8.0
"""Drops beyond so many times the allowed one are drawn at the upper edge ..."""
SLACK = 1.5
"""... but only where they would stretch the axis to more than this many times that."""

REACH = 8.0
"""Half the side of the square that a point keeps free of labels."""

RING = 5.0
"""By how much the ring around the choice reaches beyond other points."""

Line = tuple[float, float, float, float]


@dataclass(frozen=True)
class Frame:
    """A picture's size and what the axes take of it."""

    width: int
    height: int
    left: int = 52
    right: int = 16
    top: int = 30
    bottom: int = 46
    text: float = 12.0

    @property
    def plot(self) -> Box:
        """Where the points go."""
        return Box(self.left, self.top, self.width - self.right, self.height - self.bottom)


WIDE = Frame(width=1080, height=460)
NARROW = Frame(width=360, height=380, left=36, right=8, text=11.0)


@dataclass(frozen=True)
class Dot:
    """A point in its place. `bars`: its intervals. `pinned`: beyond the scale's upper end."""

    point: Point
    x: float
    y: float
    shape: str
    colour: int
    bars: tuple[Line, ...]
    pinned: bool


@dataclass(frozen=True)
class Chart:
    """Everything a template has to draw."""

    frame: Frame
    plot: Box
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    x_title: str
    y_title: str
    allowed_y: float
    front: tuple[Line, ...]
    dots: tuple[Dot, ...]
    labels: tuple[Label, ...]


def _time_of(points: Sequence[Point]) -> str:
    """The title of the axis: where some take several samples at once it is of one of them."""
    if points[0].of:
        return f"Time, as a share of {points[0].of}’s"
    return "Time of a sample, ms" if any(p.batch > 1 for p in points) else "Latency p50, ms"


def draw(points: Sequence[Point], max_drop: float, frame: Frame, *, relative: bool) -> Chart:
    """The picture of at least one point.

    Args:
        relative: drops are shares of the source's error, not points of a score.
    """
    plot = frame.plot
    allowed = fmt.allowance(max_drop, relative=relative)
    x = positive_scale([v for p in points for v in (p.x_low, p.x_high)], plot.left, plot.right)
    y = drop_scale(points, max_drop, plot)
    dots = tuple(_dots(points, x, y))
    front = staircase([point for point in points if point.on_front], x, y)
    return Chart(
        frame=frame,
        plot=plot,
        x_ticks=apart([(x(tick), fmt.tick(tick)) for tick in x.ticks], frame.text),
        y_ticks=tuple((y(tick), fmt.tick(tick * 100)) for tick in y.ticks),
        x_title=_time_of(points) + (", log scale" if x.log else ""),
        y_title="Loss, % of the source’s error" if relative else "Loss, points",
        allowed_y=y(max_drop),
        front=front,
        dots=dots,
        labels=tuple(_labels(dots, frame, _limit(allowed, y(max_drop), frame), front)),
    )


def drop_scale(points: Sequence[Point], max_drop: float, plot: Box) -> Scale:
    """A scale with 0 and the allowed drop on it, which no ruined candidate stretches."""
    limit = SPAN * max(max_drop, 0.005, *(p.y for p in points if p.chosen), 0)
    tops = [max(p.y, p.y_high) for p in points]
    if max(tops) > SLACK * limit:
        tops = [min(limit, 1.15 * p.y_high) for p in points if p.y <= limit]
    high = max(0.002, 1.6 * max_drop, *tops)
    low = max(min(0.0, *(p.y_low for p in points)), -limit)
    air = 0.05 * (high - low)
    return Scale(low - air, high + air, plot.bottom, plot.top)


def apart(ticks: Sequence[tuple[float, str]], size: float) -> tuple[tuple[float, str], ...]:
    """Those of an axis whose texts do not run into each other, from the left; the last one stays.

    Args:
        ticks: places and texts, centred there.
        size: of the text.
    """
    reach = [
        (place - w / 2, place + w / 2) for place, text in ticks if (w := text_width(text, size))
    ]
    last = len(ticks) - 1
    kept: list[int] = []
    for i, (left, right) in enumerate(reach):
        after_others = not kept or left > reach[kept[-1]][1]
        if i == last or (after_others and (i == 0 or right < reach[last][0])):
            kept.append(i)
    return tuple(ticks[i] for i in kept)


def staircase(front: Sequence[Point], x: Scale, y: Scale) -> tuple[Line, ...]:
    """The pieces of a step line below and left of which no candidate lies; none for none.

    The front minds size as well, so only those points are joined that no other one beats
    in both latency and drop.
    """
    pieces: list[Line] = []
    at, best = (0.0, y.end), float("inf")
    for point in sorted(front, key=lambda p: (p.x, p.y)):
        if point.y < best:
            across, down, best = x(point.x), y(point.y), point.y
            if pieces:
                pieces.append((at[0], at[1], across, at[1]))
            pieces.append((across, at[1], across, down))
            at = (across, down)
    return (*pieces, (at[0], at[1], x.end, at[1])) if pieces else ()


def _dots(points: Sequence[Point], x: Scale, y: Scale) -> Iterator[Dot]:
    """The points in their places, those that matter most last and so on top."""
    colours = {runtime: i % COLOURS for i, runtime in enumerate(runtimes(points))}
    for point in sorted(points, key=lambda p: (p.chosen, p.on_front, p.baseline)):
        pinned = point.y > y.high
        across, down = x(point.x), y.end + REACH if pinned else y(point.y)
        bars: list[Line] = [(x(point.x_low), down, x(point.x_high), down)]
        if not pinned:
            bars.append((across, y(point.y_low), across, y(point.y_high)))
        yield Dot(
            point=point,
            x=across,
            y=down,
            shape=SHAPES.get(point.precision, SHAPES["fp32"]),
            colour=colours[point.runtime],
            bars=tuple(bar for bar in bars if bar[:2] != bar[2:]),
            pinned=pinned,
        )


def _limit(allowed: str, y: float, frame: Frame) -> Wish:
    """The name of the line that a drop must not cross."""
    text = f"allowed: {allowed}"
    return Wish((text,), frame.plot.right, y, frame.text - 1, "limit", must=True)


def _labels(dots: Sequence[Dot], frame: Frame, limit: Wish, front: Sequence[Line]) -> list[Label]:
    """Names for what matters: the limit, the choice, what is off the scale, the front."""
    near = [Box(d.x - REACH, d.y - REACH, d.x + REACH, d.y + REACH) for d in dots]
    level = (frame.plot.left, limit.y, frame.plot.right, limit.y)
    lines = [_around(line) for line in (level, *front, *(bar for dot in dots for bar in dot.bars))]
    shown = [dot for dot in sorted(dots, key=_importance) if _named(dot)]
    names = distinct({i: (d.point.form, d.point.settings) for i, d in enumerate(shown)})
    wishes = [_wish(dot, names[i], frame.text) for i, dot in enumerate(shown)]
    return place(wishes, frame.plot, near, lines, placed=place([limit], frame.plot, near))


def _around(line: Line) -> Box:
    """The little room that a level or upright line takes."""
    (left, right), (top, bottom) = sorted(line[0::2]), sorted(line[1::2])
    return Box(left - 1, top - 1, right + 1, bottom + 1)


def _named(dot: Dot) -> bool:
    point = dot.point
    return dot.pinned or point.chosen or point.baseline or point.on_front


def _importance(dot: Dot) -> tuple[bool, bool, bool, float]:
    return (not dot.point.chosen, not dot.pinned, not dot.point.baseline, dot.x)


def _wish(dot: Dot, name: str, size: float) -> Wish:
    """What is written beside a point."""
    point = dot.point
    if point.chosen:
        lines = (
            point.form,
            f"{point.with_threads}, {fmt.ms(point.p50_ms)}",
            point.y_told,
        )
        return Wish(lines, dot.x, dot.y, size + 1, "chosen", must=True, clear=RING, bold=True)
    if dot.pinned:
        return Wish((f"↑ {point.y_text}",), dot.x, dot.y, size - 1)
    return Wish((name,), dot.x, dot.y, size - 1)
