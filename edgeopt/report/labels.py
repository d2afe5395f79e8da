"""Labels beside points, none over another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

_THIN, _BROAD = frozenset("iljftr.,:;'|!()[]-1I "), frozenset("mwMW@%×↑—")
_WIDTHS = (0.42, 0.66, 1.0)
"""Widths of thin, usual and broad characters as shares of the font size: those of DejaVu Sans and

Verdana, which are the widest of the system fonts. Where they are narrower there is more air.
"""
_BOLD = 1.13
_HALO = 4.0
"""What the outline in the colour of the paper adds, in units of the picture."""

LINE_HEIGHT = 1.25
_NEAR = (10.0, 24.0, 42.0)
_FAR = (64.0, 92.0, 130.0)
_DIRECTIONS = (
    (1.0, 0.0),
    (0.75, -0.75),
    (0.75, 0.75),
    (-0.75, -0.75),
    (-0.75, 0.75),
    (-1.0, 0.0),
    (0.0, -1.0),
    (0.0, 1.0),
    (0.25, -1.0),
    (-0.25, -1.0),
    (0.25, 1.0),
    (-0.25, 1.0),
)


Anchor = Literal["start", "middle", "end"]


@dataclass(frozen=True)
class Box:
    """A rectangle on the page."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: Box) -> bool:
        """Whether two rectangles share any area."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )

    def holds(self, other: Box) -> bool:
        """Whether the other rectangle lies wholly in this one."""
        return (
            self.left <= other.left
            and self.top <= other.top
            and other.right <= self.right
            and other.bottom <= self.bottom
        )


@dataclass(frozen=True)
class Wish:
    """A text that wants to stand by a point.

    Attributes:
        role: kept for whoever draws it.
        must: it may stand far off, or cover points, if there is no other place.
        clear: how much further off than others it begins.
        bold: its first line is.
    """

    lines: tuple[str, ...]
    x: float
    y: float
    size: float = 12.0
    role: str = ""
    must: bool = False
    clear: float = 0.0
    bold: bool = False

    @property
    def width(self) -> float:
        """Of the longest line, where the first one is bold if the label is."""
        return max(
            text_width(line, self.size, bold=self.bold and not i)
            for i, line in enumerate(self.lines)
        )


@dataclass(frozen=True)
class Label:
    """A text that found its place: `x` is where it starts, ends or is centred (`anchor`)."""

    lines: tuple[str, ...]
    x: float
    baselines: tuple[float, ...]
    anchor: Anchor
    size: float
    box: Box
    role: str
    leader: tuple[float, float, float, float] | None


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """About how wide a text is, seldom too narrow."""
    thin, usual, broad = _WIDTHS
    widths = (thin if c in _THIN else broad if c in _BROAD else usual for c in text)
    return sum(widths) * size * (_BOLD if bold else 1.0) + _HALO


def place(
    wishes: Sequence[Wish],
    frame: Box,
    points: Sequence[Box],
    lines: Sequence[Box] = (),
    placed: Sequence[Label] = (),
) -> list[Label]:
    """Finds each text a place in the frame, the first wishes first; gives up those without.

    Args:
        points: what a text must not cover, but for one that has to be shown.
        lines: what a text covers only where there is no other place.
        placed: labels that have their place already.

    Returns:
        Those placed before and now.
    """
    labels = list(placed)
    for wish in wishes:
        taken = [label.box for label in labels]
        clear, crossing = [*taken, *points, *lines], [*taken, *points]
        tries: list[tuple[Sequence[float], list[Box]]] = [(_NEAR, clear), (_NEAR, crossing)]
        if wish.must:
            tries += [(_FAR, clear), (_FAR, crossing), (_NEAR + _FAR, taken)]
        found = (_find(wish, frame, distances, obstacles) for distances, obstacles in tries)
        label = next(filter(None, found), None)
        if label:
            labels.append(label)
    return labels


def _find(
    wish: Wish, frame: Box, distances: Sequence[float], obstacles: Sequence[Box]
) -> Label | None:
    """The nearest place that is free."""
    for distance in distances:
        for across, down in _DIRECTIONS:
            label = _at(wish, across, down, distance)
            if frame.holds(label.box) and not any(label.box.overlaps(o) for o in obstacles):
                return label
    return None


def _at(wish: Wish, across: float, down: float, distance: float) -> Label:
    """The text in one direction from its point, on that side of where it is led to."""
    width = wish.width
    line = wish.size * LINE_HEIGHT
    height = line * len(wish.lines)
    reach = distance + wish.clear
    x, y = wish.x + across * reach, wish.y + down * reach
    anchor, left = _side(x, width, across)
    top = y - height * (0.5 if not down else 0.0 if down > 0 else 1.0)
    return Label(
        lines=wish.lines,
        x=round(x, 1),
        baselines=tuple(round(top + line * (i + 0.78), 1) for i in range(len(wish.lines))),
        anchor=anchor,
        size=wish.size,
        box=Box(left, top, left + width, top + height),
        role=wish.role,
        leader=(wish.x, wish.y, round(x, 1), round(y, 1)) if distance > _NEAR[0] else None,
    )


def _side(x: float, width: float, across: float) -> tuple[Anchor, float]:
    """How a text is anchored at `x`, and where it begins."""
    if across > 0:
        return "start", x
    if across < 0:
        return "end", x - width
    return "middle", x - width / 2
