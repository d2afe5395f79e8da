"""All of a run in the terminal, within 100 columns. `brief` is the short form. Rich comes late.

Everything that users or other programs named is put in as `Text`, so that brackets in a
file name are not taken for markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from edgeopt.domain.published import Published
from edgeopt.domain.run import Choice, Miss, Run
from edgeopt.domain.target import Profile
from edgeopt.domain.visible import lines
from edgeopt.report import aim_words, preparation_words, refine_words, tail_words, words
from edgeopt.report import format as fmt
from edgeopt.report.answer import quality, source_score
from edgeopt.report.method import untimed_reason
from edgeopt.report.side_tables import SideTable, side_tables
from edgeopt.report.table import Mark, Row, rows

if TYPE_CHECKING:
    from rich.console import Group, RenderableType
    from rich.table import Table

    from edgeopt.report.shown import Text

LONGEST = 200
"""Characters of a reason; compilers write pages."""

_SIGNS: dict[Mark, str] = {
    "chosen": "✓",
    "on the front": "◆",
    "baseline": "b",
    "screened only": "s",
    "latency only": "*",
}
_SCREENED = "screened only, in a shorter schedule: of these rows compare ×base, not milliseconds"
_UNSURE = "?"
_WORDS = {"EQUIVALENT": "≈", "INCONCLUSIVE": _UNSURE}


def summary(
    run: Run, profiles: Mapping[str, Profile] | None = None, published: Sequence[Published] = ()
) -> Group:
    """What came out: for each target the choice, the candidates, and what was not tried.

    Args:
        profiles: by target. published: figures of others, shown beside those measured.
    """
    from rich.console import Group

    parts: list[RenderableType] = [*_list("Warnings", run.warnings, "yellow")]
    if told := source_score(run):
        parts.append(_text(told, ""))
    if run.data.metric_why:
        parts.append(_text(lines("", _judged(run)), "dim"))
    for target in run.request.targets:
        profile = (profiles or {}).get(target)
        parts += _target(run, target, side_tables(run, target, profile, published))
    return Group(*parts)


def _judged(run: Run) -> str:
    """What the metric is where that followed from the source's answers, and why."""
    said = f"Judged by {run.data.metric}: {run.data.metric_about} ({run.data.metric_why})."
    prepared = preparation_words.words(run.data.task.preparation) if run.data.task else ""
    return f"{said} {prepared}".rstrip()


def _target(run: Run, target: str, tables: Sequence[SideTable]) -> Iterator[RenderableType]:
    """Everything of one target."""
    choice, made, why = run.choice(target), rows(run, target), untimed_reason(run, target)
    yield _sentence(target, choice)
    if choice:
        yield from _list("Warnings", choice.warnings, "yellow")
    if why:
        yield _text(f"Not timed: {why}", "yellow")
    tried = [row for row in made if row.ok]
    if tried:
        yield _text("", "")
        yield _fitting(tried, not why, aim_words.OWN_COLUMN.get(run.request.aim, ""))
        yield _text(_legend(tried), "dim")
    for table in tables:
        yield from _side_table(table)
    if choice:
        yield from _list("A smaller model", map(words.step, choice.compression))
        yield from _list("Did not qualify", map(_miss, choice.misses))
        yield from _list(
            "Rejected when timed again or on held-out samples",
            map(_miss, choice.rejected),
            "yellow",
        )
        refined = [line for one in choice.refinements for line in refine_words.lines(one)]
        yield from _list("Refined, since fast int8 lost too much", refined)
        yield from _list("Int8 with its tail in float", tail_words.lines(run, target))
        yield from _list("The machine", map(words.finding, choice.findings), "yellow")
    converted = [row for row in made if row.status == "converted"]
    yield from _list("Converted, not run", _grouped(converted))
    failed = [row for row in made if not (row.ok or row.left_out or row in converted)]
    yield from _list("Failed", _grouped(failed))
    yield from _list("Not tried", _grouped([row for row in made if row.left_out]))


def _side_table(table: SideTable) -> Iterator[RenderableType]:
    """A title, rows, and what a reader must know of them."""
    from rich import box
    from rich.table import Table

    from edgeopt.report.shown import Text

    grid = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    for head in table.heads:
        grid.add_column(head, overflow="fold")
    for row in table.rows:
        grid.add_row(*map(Text, row))
    yield _text(lines("", table.title), "bold")
    yield grid
    yield _text(table.about, "dim")


def _sentence(target: str, choice: Choice | None) -> Text:
    """The choice, first and in bold."""
    from edgeopt.report.shown import Text

    line = Text(lines("", f"{target}: "), style="bold")
    if choice is None:
        return line.append("nothing chosen yet", style="yellow")
    return line.append(choice.why, style="green" if choice.recipe_id else "yellow")


def _fitting(tried: Sequence[Row], timed: bool, aimed: str) -> RenderableType:
    """The candidates that came through, as wide as there is room."""
    from edgeopt.report.shown import Fitting

    return Fitting(
        lambda: _table(tried, aimed, timed=timed, narrow=False),
        lambda: _table(tried, aimed, timed=timed, narrow=True),
    )


def _table(tried: Sequence[Row], aimed: str, *, timed: bool, narrow: bool) -> Table:
    """The candidates, without the columns of time where none was taken.

    Args:
        aimed: head of the figure that the run aims at, "" where it has a column anyway.
        narrow: what belongs together stands below each other.
    """
    from rich import box
    from rich.table import Table

    from edgeopt.report.shown import Text

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    table.add_column("", overflow="fold")
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("candidate", overflow="fold")
    for name in _heads(tried, timed=timed, narrow=narrow):
        table.add_column(name, justify="right", overflow="fold")
    if aimed:
        table.add_column(aimed, justify="right", overflow="fold")
    for row in tried:
        style = "bold green" if row.chosen else "" if row.qualifies else "dim"
        signs = "".join(_SIGNS.get(mark, "") for mark in row.marks)
        own = [row.aimed.text] if aimed and row.aimed is not None else []
        cells = map(Text, (*_cells(row, timed=timed, narrow=narrow), *own))
        table.add_row(
            Text(signs), Text(str(row.number)), _candidate(row, tried, narrow), *cells, style=style
        )
    return table


def _heads(tried: Sequence[Row], *, timed: bool, narrow: bool) -> list[str]:
    """Of the columns after the candidate's name. The unit of the drops stands here alone."""
    unit = next((row.drop.text.unit for row in tried if row.drop.text.unit), "points")
    times = ("p50", "p90", "×base") if timed else None
    return _laid("thr", times, "score", ("drop,", unit), "size", narrow=narrow)


def _cells(row: Row, *, timed: bool, narrow: bool) -> list[str]:
    """The columns after the candidate's name."""
    versus = _WORDS.get(row.versus.word, "") + row.versus.text
    times = (row.latency.text, row.p90.text, versus) if timed else None
    threads = fmt.DASH if row.threads is None else str(row.threads)
    return _laid(threads, times, _score(row), _drop(row), row.size.text, narrow=narrow)


def _score(row: Row) -> str:
    """A share in percent, as its loss is in points; an error as it is."""
    value = row.score.sort
    return row.score.text if value is None else quality(value, relative=row.drop.text.unit == "%")


def _laid(
    threads: str,
    times: tuple[str, str, str] | None,
    score: str,
    drop: tuple[str, str],
    size: str,
    *,
    narrow: bool,
) -> list[str]:
    """Beside each other; narrow: the p90 below the p50, the size below the score, and so on."""
    if not narrow:
        return [threads, *(times or ()), score, " ".join(filter(None, drop)), size]
    p50, p90, versus = times or ("", "", "")
    below = [lines(p50, p90), versus] if times else []
    return [threads, *below, lines(score, size), lines(*filter(None, drop))]


def _drop(row: Row) -> tuple[str, str]:
    """The drop and its interval, "" where there is none to show, both without their unit."""
    bounds = row.drop.detail.number
    sign = "" if row.resolved else _UNSURE
    return f"{sign}{row.drop.text.number}", f"({bounds})" if bounds else ""


def _legend(tried: Sequence[Row]) -> str:
    """What the signs mean, of those that occur."""
    marks = {mark for row in tried for mark in row.marks}
    signs: list[tuple[str, str]] = [
        (sign, mark) for mark, sign in _SIGNS.items() if mark in marks and mark != "screened only"
    ]
    words = {row.versus.word for row in tried}
    if "EQUIVALENT" in words:
        signs.append(("≈", "as fast"))
    if "INCONCLUSIVE" in words or not all(row.resolved for row in tried):
        none = any(row.unbounded for row in tried)
        signs.append((_UNSURE, f"the interval does not tell{', or there is none' * none}"))
    suggested = any(row.chosen and row.place is not None for row in tried)
    words_of = {"chosen": "suggested"} if suggested else {}
    told = ["   ".join(f"{sign} {words_of.get(meaning, meaning)}" for sign, meaning in signs)]
    if "screened only" in marks:
        told.append(f"{_SIGNS['screened only']} {_SCREENED}")
    return lines(*filter(None, told))


def _candidate(row: Row, tried: Sequence[Row], narrow: bool) -> Text:
    """The name; the settings too where another row has the same name and threads."""
    from edgeopt.report.shown import Text

    text = Text(row.name)
    twins = [other for other in tried if (other.name, other.threads) == (row.name, row.threads)]
    if len(twins) > 1:
        told = row.settings[1:]
        shown = [one.replace("=", "=\n") for one in told] if narrow else ["; ".join(told)]
        text.append(lines("", *(part for one in shown for part in one.split("\n"))), style="dim")
    return text


def _grouped(lost: Sequence[Row]) -> Iterator[str]:
    """One line a reason, with every recipe that it ended or kept out."""
    because: dict[str, dict[str, None]] = {}
    for row in lost:
        because.setdefault(_because(row), {})[row.name] = None
    for reason, names in because.items():
        yield f"{', '.join(names)}: {reason}"


def _because(row: Row) -> str:
    """What happened, why and what helps; the page has what is cut off here."""
    reason = row.reason if len(row.reason) <= LONGEST else row.reason[: LONGEST - 1] + "…"
    happened = reason if row.left_out or row.status == "converted" else f"{row.status}, {reason}"
    return f"{happened} ({row.hint})" if row.hint else happened


def _miss(miss: Miss) -> str:
    return f"{miss.title}: {miss.why}"


def _list(title: str, told: Iterable[str], style: str = "") -> Iterator[RenderableType]:
    """A short list with a title; nothing where it is empty."""
    from rich.table import Table

    from edgeopt.report.shown import Text

    found = list(told)
    if found:
        grid = Table.grid(padding=(0, 1))
        for line in found:
            grid.add_row(" -", Text(line))
        yield _text(lines("", title), f"bold {style}".strip())
        yield grid


def _text(line: str, style: str) -> Text:
    from edgeopt.report.shown import Text

    return Text(line, style=style)
