"""The chart of a report as files for slides: SVG that needs no style, script or font of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from edgeopt.domain.errors import BadInput
from edgeopt.domain.run import Run
from edgeopt.domain.visible import visible
from edgeopt.report.labels import text_width
from edgeopt.report.points import SHAPES, Point, points, precisions, runtimes
from edgeopt.report.scatter import Frame, draw
from edgeopt.store import atomic

#: 16:9, with text that is read from the back of a room.
FRAME = Frame(width=1280, height=620, left=72, right=40, top=44, bottom=64, text=19.0)
HEAD, LINE = 56, 28

#: The page's own colours, light.
_INK, _SQUARE = "#1c2430", "M-6 -6H6V6H-6Z"
COLOURS = ("#2767b8", "#c0561b", "#b02f6b", "#8a7a10", "#7a47b0", "#55626e")


def write(run: Run, folder: Path) -> list[Path]:
    """One file for each target that has candidates with a time and a score.

    Returns:
        The files: `TARGET.svg`.

    Raises:
        BadInput: no target has any, or the folder cannot be written.
    """
    made = dict(charts(run))
    if not made:
        raise BadInput(
            "there is no chart: no candidate of this run has both a time and a score.",
            "A target is timed where a device of it can be reached; see `edgeopt devices`.",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for target, text in made.items():
            atomic.write(folder / f"{target}.svg", text)
    except OSError as error:
        raise BadInput(f"{folder} cannot be written: {error.strerror}.") from None
    return [folder / f"{target}.svg" for target in made]


def charts(run: Run) -> Iterator[tuple[str, str]]:
    """(target, SVG) of each target that has points."""
    drops = [record.drop for record in run.records if record.drop]
    relative = any(drop.relative is not None for drop in drops)
    limit, template = run.request.constraints.max_drop, _template()
    by_target = ((target, points(run, target)) for target in run.request.targets)
    for target, found in by_target:
        if found:
            signs = _placed(found)
            yield (
                target,
                template.render(
                    chart=draw(found, limit, FRAME, relative=relative),
                    title=f"{PurePath(run.source.path).name} on {target}",
                    head=HEAD,
                    foot=signs[-1].y + 1.4 * LINE,
                    signs=signs,
                    colours=COLOURS,
                ),
            )


@dataclass(frozen=True)
class Sign:
    """An entry of the legend, in its place."""

    text: str
    colour: str
    shape: str
    x: float
    y: float


def _placed(found: Sequence[Point]) -> list[Sign]:
    """Runtimes by colour, then precisions by shape, in as many lines as they need."""
    colours = [(name, COLOURS[i % len(COLOURS)]) for i, name in enumerate(runtimes(found))]
    entries = [(name, colour, _SQUARE) for name, colour in colours]
    entries += [(name, _INK, SHAPES.get(name, SHAPES["fp32"])) for name in precisions(found)]
    signs, x, y = [], 0.0, 0.0
    for name, colour, shape in entries:
        wide = text_width(name, FRAME.text - 2) + 46
        if x and x + wide > FRAME.plot.right - FRAME.plot.left:
            x, y = 0.0, y + LINE
        signs.append(Sign(name, colour, shape, x, y))
        x += wide
    return signs


def _template() -> Any:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("edgeopt", "report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=lambda value: visible(value) if isinstance(value, str) else value,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("slides.svg")
