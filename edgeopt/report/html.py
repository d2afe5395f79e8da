"""The report of a run as one HTML file that needs nothing else, no network least of all.

Jinja2 is imported when a page is made. Names, reasons and file names come from outside,
so everything is escaped; and the page's own policy forbids it to load or run anything but
the style and the script it was made with.
"""

from __future__ import annotations

import base64
import hashlib
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from edgeopt.domain.comparison import Comparison
from edgeopt.domain.published import Published
from edgeopt.domain.run import Choice, Run
from edgeopt.domain.target import Profile
from edgeopt.domain.visible import visible
from edgeopt.report import (
    aim_words,
    compare_table,
    loss,
    open_axis_words,
    preparation_words,
    tail_words,
    words,
)
from edgeopt.report import format as fmt
from edgeopt.report.facts import FactRow, facts
from edgeopt.report.method import method, untimed_reason
from edgeopt.report.metric_name import metric_word
from edgeopt.report.page_answer import Answer, answer
from edgeopt.report.page_rows import PageRow, front_names, page_rows
from edgeopt.report.pictures import Budget, Shown, shown
from edgeopt.report.points import SHAPES, Point, points, precisions, runtimes
from edgeopt.report.reasons import missed
from edgeopt.report.scatter import COLOURS, NARROW, WIDE, Chart, draw
from edgeopt.report.side_tables import SideTable, side_tables
from edgeopt.report.smaller import SmallerRow, smaller
from edgeopt.report.table import Row, rows
from edgeopt.report.unparted import together

if TYPE_CHECKING:
    from jinja2 import Environment


@dataclass(frozen=True)
class TargetView:
    """All that the page says of one target.

    Attributes:
        n: the choosing samples, if all scores agree on them.
        any_held_out: whether any candidate was scored on held-out samples.
        missed: titles of those that did not qualify, and by what.
    """

    name: str
    title: str
    n: int | None
    choice: Choice | None
    answer: Answer
    rows: list[Row]
    page_rows: list[PageRow]
    missed: list[tuple[str, str]]
    side_tables: list[SideTable]
    untimed: str
    points: list[Point]
    charts: tuple[Chart, ...]
    runtimes: list[str]
    precisions: list[str]
    front: list[PageRow]
    front_names: dict[str | None, str]
    method: list[str]
    smaller: list[SmallerRow]
    pictures: Shown | None
    tails: list[str]
    profile: Profile | None
    facts: list[FactRow]
    aimed: str = ""

    @property
    def any_held_out(self) -> bool:
        return any(one.held_out.sort is not None for one in self.page_rows)

    @property
    def as_well(self) -> str:
        """Of which others none is better than the front, where some were not timed for as long."""
        final = any(not one.row.screened for one in self.front)
        other = [row for row in self.rows if row.ok and (row.latency.sort is None or row.screened)]
        untimed = any(final or row.latency.sort is None for row in other)
        return " that was timed as well" * untimed

    @property
    def held_out(self) -> str:
        """What the chosen loses on held-out samples; "" where it is not known."""
        own = next((one for one in self.page_rows if one.row.chosen), None)
        if own is None or own.held_out.sort is None:
            return ""
        return own.held_out.text if own.held_out.sort < 0 else f"loses {own.held_out.text}"


def render(
    run: Run,
    profiles: Mapping[str, Profile],
    compared: Comparison | None = None,
    published: Sequence[Published] = (),
) -> str:
    """The page of a run, whole.

    Args:
        profiles: by target; one that is missing has no facts.
        compared: its targets side by side; None where there is one alone.
        published: figures of others, shown beside those of the same model and target.
    """
    environment = page_environment()
    style = environment.get_template("style.css").render()
    script = environment.get_template("page.js").render()
    budget = Budget()
    return environment.get_template("template.html").render(
        run=run,
        name=PurePath(run.source.path).name,
        tried=sum(record.status != "skipped" for record in run.records),
        compared=compared,
        targets=[
            target_view(run, name, profiles.get(name), published, budget)
            for name in run.request.targets
        ],
        allowed=fmt.allowance(run.request.constraints.max_drop, relative=_relative(run)),
        environment=list(flat(run.environment)),
        operators=sorted(run.source.operators.items(), key=lambda item: (-item[1], item[0])),
        shapes=SHAPES,
        colours=COLOURS,
        style_hash=policy_hash(style),
        script_hash=policy_hash(script),
    )


def target_view(
    run: Run,
    target: str,
    profile: Profile | None,
    published: Sequence[Published] = (),
    budget: Budget | None = None,
) -> TargetView:
    """Everything of one target, worked out.

    Args:
        budget: of the page's pictures.
    """
    choice = run.choice(target)
    chosen = run.record(target, choice.recipe_id) if choice and choice.recipe_id else None
    made, found = rows(run, target), points(run, target)
    shown_rows = page_rows(run, target, made)
    front = [one for one in shown_rows if "on the front" in one.row.marks]
    front.sort(key=lambda one: one.row.latency.sort or 0.0)
    counts = {row.score.n for row in made if row.score.n}
    limit, relative = run.request.constraints.max_drop, _relative(run)
    return TargetView(
        name=target,
        title=profile.title if profile else target,
        n=counts.pop() if len(counts) == 1 else None,
        choice=choice,
        answer=answer(run, choice),
        rows=made,
        page_rows=shown_rows,
        missed=[(m.title, missed(run, m, target)) for m in choice.misses] if choice else [],
        side_tables=side_tables(run, target, profile, published),
        untimed=untimed_reason(run, target),
        points=found,
        charts=tuple(draw(found, limit, f, relative=relative) for f in (WIDE, NARROW) if found),
        runtimes=runtimes(found),
        precisions=precisions(found),
        front=front,
        front_names=front_names([one.row for one in front]),
        method=method(run, target),
        smaller=smaller(run, choice) if choice else [],
        pictures=shown(chosen.pictures, Path(run.folder), budget or Budget()) if chosen else None,
        tails=list(tail_words.lines(run, target)),
        profile=profile,
        facts=facts(profile) if profile else [],
        aimed=aim_words.OWN_COLUMN.get(run.request.aim, ""),
    )


def flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Nested tables as pairs of a dotted name and a text."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from flat(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple):
        yield path, ", ".join(map(str, value)) or fmt.DASH
    else:
        yield path, fmt.DASH if value is None or value == "" else str(value)


def _relative(run: Run) -> bool:
    """Whether drops are shares of the source's error."""
    return any(record.drop and record.drop.relative is not None for record in run.records)


def policy_hash(text: str) -> str:
    """The policy's name for an inline style or script."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _visible(value: Any) -> Any:
    """What an expression of a template gives, before it is escaped."""
    from jinja2 import Undefined
    from markupsafe import Markup

    if isinstance(value, Markup | Undefined):
        return value
    return together(visible(str(value)))


def _shell(name: str) -> Any:
    """A word of a command, to be copied as it stands."""
    from markupsafe import escape

    return escape(visible(shlex.quote(name)))


def _breakable(name: str) -> Any:
    """Escaped; a line may end after an underscore or a dot, so that no word is cut on a phone."""
    from markupsafe import Markup, escape

    return Markup(re.sub(r"([_.])(?=.)", r"\1<wbr>", str(escape(visible(name)))))  # noqa: S704


def _with_code(text: str) -> Any:
    """Escaped, and what stands between backticks as code."""
    from markupsafe import Markup, escape

    parts = visible(text).split("`")
    if len(parts) % 2 == 0:
        return escape(together(visible(text)))
    told = (
        Markup("<code>{}</code>").format(p) if i % 2 else escape(together(p))
        for i, p in enumerate(parts)
    )
    return Markup("").join(told)


def page_environment() -> Environment:
    """Of all templates: everything is escaped, and units are filters."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("edgeopt", "report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        with_code=_with_code,
        breakable=_breakable,
        size=fmt.size,
        shell=_shell,
        duration=fmt.duration,
        ms=fmt.ms,
        change=fmt.change,
        metric=metric_word,
        percent=fmt.percent,
        lost=loss.of_value,
        finding=words.finding,
        open_axis=open_axis_words.sentence,
        prepared=preparation_words.words,
        compared_cell=compare_table.cell_text,
        compared_lines=compare_table.shown,
        compared_predictions=compare_table.predictions,
        compared_reasons=compare_table.reasons,
    )
    return environment
