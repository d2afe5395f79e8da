"""A run on one screen: an answer a target, the first candidates, and how much more there is.

Rich is imported when it is made. `terminal.summary` is the whole.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from edgeopt.domain.run import Run
from edgeopt.domain.visible import lines
from edgeopt.report import aim_words, suggestion_words
from edgeopt.report import format as fmt
from edgeopt.report.answer import answer, source_score
from edgeopt.report.shortlist import ALONE, OF_SEVERAL, Entry, shortlist
from edgeopt.report.table import Mark, Row, rows

if TYPE_CHECKING:
    from rich.console import Group, RenderableType
    from rich.table import Table

    from edgeopt.report.shown import Text

_SIGNS: dict[Mark, str] = {
    "chosen": "✓",
    "baseline": "b",
    "screened only": "s",
    "latency only": "*",
}
_MEANINGS: dict[Mark, str] = {
    "chosen": "first choice",
    "baseline": "baseline",
    "screened only": "short schedule, compare its × only",
    "latency only": "latency only: ranges from random inputs, never shipped",
}
_UNSURE = "?"
_VERDICTS = {"EQUIVALENT": "≈", "INCONCLUSIVE": _UNSURE}
#: Warnings of the run that are shown, cut to so many characters where there are several targets.
WARNINGS, LONGEST = 2, 78
#: From so many targets on one warning of the run is shown.
MANY = 4
#: Of several targets together; one more says where the report is.
LINES = 39


def brief(run: Run) -> RenderableType:
    """What came out, short: `--all` and the report have the rest."""
    from edgeopt.report.shown import Short

    if len(run.request.targets) == 1:
        return _brief(run, ALONE)
    return Short(LINES, *(functools.partial(_brief, run, most) for most in OF_SEVERAL))


def _brief(run: Run, candidates: int) -> Group:
    """The same with at most so many candidates of each target."""
    from rich.console import Group

    parts: list[RenderableType] = []
    if told := source_score(run):
        parts.append(_text(told))
    targets = len(run.request.targets)
    most = WARNINGS if targets < MANY else 1
    warnings = run.warnings[:most]
    parts += [_text(f"! {_cut(one) if targets > 1 else one}", "yellow") for one in warnings]
    left = _Left(more_warnings=len(run.warnings) - len(warnings))
    shown: list[Row] = []
    for number, target in enumerate(run.request.targets):
        if number or parts:
            parts.append(_text(""))
        parts += _target(run, target, candidates, left, shown)
    if shown:
        parts += [_text(line, "dim") for line in _legend(shown, _suggested(run))]
    parts += [_text(line) for line in suggestion_words.brief(run)]
    if told := left.told():
        parts.append(_text(f"Not shown (--all): {told}.", "dim"))
    return Group(*parts)


class _Left:
    """How much is not shown, of all targets."""

    def __init__(self, more_warnings: int) -> None:
        self._counts = {"warning": more_warnings}

    def add(self, noun: str, number: int) -> None:
        self._counts[noun] = self._counts.get(noun, 0) + number

    def told(self) -> str:
        """ "3 candidates, 2 failures"."""
        return ", ".join(
            fmt.count(n, noun, _PLURALS.get(noun, "")) for noun, n in self._counts.items() if n
        )


_PLURALS = {
    "not tried": "not tried",
    "converted only": "converted only",
    "rejected later": "rejected later",
    "warning about the machine": "warnings about the machine",
}


def _target(
    run: Run, target: str, candidates: int, left: _Left, shown: list[Row]
) -> Iterator[RenderableType]:
    """The answer and the first candidates."""
    from edgeopt.report.shown import Text

    choice, made = run.choice(target), rows(run, target)
    style = "green" if choice and choice.recipe_id else "yellow"
    yield Text(f"{target}: ", style="bold").append(answer(run, target), style=f"bold {style}")
    alone = len(run.request.targets) == 1
    tried = [row for row in made if row.ok]
    found = shortlist(tried, candidates)
    if choice and alone:
        yield from (_text(f"! {one}", "yellow") for one in choice.warnings)
    if found.entries:
        if alone:
            yield _text("")
        yield _table(found.entries, aim_words.HEADS.get(run.request.aim, ""))
        shown += [entry.row for entry in found.entries]
    if choice:
        left.add("warning", 0 if alone else len(choice.warnings))
        left.add("rejected later", len(choice.rejected))
    left.add("candidate", found.more)
    converted = [row for row in made if row.status == "converted"]
    left.add("converted only", len(converted))
    left.add("failure", sum(not (r.ok or r.left_out or r in converted) for r in made))
    left.add("not tried", sum(row.left_out for row in made))
    left.add("warning about the machine", len(choice.findings) if choice else 0)


def _table(entries: Sequence[Entry], aimed: str) -> Table:
    """A line a candidate; without the columns of time where none was taken.

    Args:
        aimed: head of the figure that the run aims at, "" where it has a column anyway.
    """
    from rich.table import Table

    from edgeopt.report.shown import Text

    timed = any(entry.row.latency.sort is not None for entry in entries)
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("", no_wrap=True)
    table.add_column("#", justify="right", no_wrap=True, style="dim")
    table.add_column("candidate", overflow="fold")
    times = (*((aimed,) if aimed else ()), "p50", "×base") if timed else ()
    for head in ("thr", *times, _lost_head(entries), "size"):
        table.add_column(head, justify="right", no_wrap=True)
    for entry in entries:
        row = entry.row
        signs = "".join(_SIGNS.get(mark, "") for mark in row.marks)
        style = "bold green" if row.chosen else "" if row.qualifies else "dim"
        cells = map(Text, _cells(row, timed=timed, aimed=bool(aimed)))
        table.add_row(Text(signs), Text(str(row.number)), Text(entry.label), *cells, style=style)
    return table


def _lost_head(entries: Sequence[Entry]) -> str:
    """Candidates are ranked by the choosing samples: the answer's loss is of others.

    Slow ones are scored on fewer of them.
    """
    counts = sorted({entry.row.drop.n for entry in entries if entry.row.drop.n})
    if not counts:
        return "loses"
    few = "" if len(counts) == 1 else f"{counts[0]} to "
    return f"on {few}{counts[-1]} choosing"


def _cells(row: Row, *, timed: bool, aimed: bool) -> Iterator[str]:
    yield fmt.DASH if row.threads is None else str(row.threads)
    if timed:
        if aimed and row.aimed is not None:
            yield row.aimed.text
        yield row.latency.text
        yield _VERDICTS.get(row.versus.word, "") + row.versus.text
    yield f"{'' if row.resolved else _UNSURE}{row.loss}"
    yield row.size.text


def _suggested(run: Run) -> bool:
    """Whether any target's choice is a suggestion."""
    return any(one.recipe_id and one.basis != "measured" for one in run.choices)


def _legend(shown: Sequence[Row], suggested: bool = False) -> list[str]:
    """What the signs mean, of those that occur; no sign is parted from its meaning."""
    marks = {mark for row in shown for mark in row.marks}
    meanings = _MEANINGS | ({"chosen": "first choice or suggested"} if suggested else {})
    told = [f"{_SIGNS[mark]} {meaning}" for mark, meaning in meanings.items() if mark in marks]
    words = {row.versus.word for row in shown}
    if "EQUIVALENT" in words:
        told.append("≈ as fast")
    if "INCONCLUSIVE" in words or not all(row.resolved for row in shown):
        told.append(f"{_UNSURE} not certain")
    lines = [told[0]] if told else []
    for meaning in told[1:]:
        longer = f"{lines[-1]}  {meaning}"
        lines[-1:] = [longer] if len(longer) <= LONGEST else [lines[-1], meaning]
    return lines


def _cut(told: str) -> str:
    """The beginning, up to the end of a word."""
    if len(told) <= LONGEST:
        return told
    end = max(told.rfind(" ", 0, LONGEST - 1), LONGEST // 2)
    return f"{told[:end]} …"


def _text(line: str, style: str = "") -> Text:
    from edgeopt.report.shown import Text

    return Text(lines(line), style=style)
