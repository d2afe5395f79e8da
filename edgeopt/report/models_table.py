"""Several models side by side: one table a target, and which is worth shipping. Rich comes late."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING

from edgeopt.domain.latency import VerdictWord
from edgeopt.domain.models_compared import Doubt, ModelRow, ModelsCompared, ModelsOnTarget
from edgeopt.domain.visible import lines
from edgeopt.report import answer
from edgeopt.report import format as fmt

if TYPE_CHECKING:
    from rich.console import Group, RenderableType
    from rich.table import Table

_DOUBTS = {
    "agreement": "Without labels a score says how far a model agrees with its own source: "
    "it does not say which model is better.",
    "metrics": "The models were judged by different metrics: their scores cannot be compared.",
    "data": "The models were judged on different samples: their scores cannot be compared.",
    "": "",
}
_SIGNS: dict[VerdictWord, str] = {"EQUIVALENT": "≈", "INCONCLUSIVE": "?"}
_MEANINGS: dict[VerdictWord, str] = {"EQUIVALENT": "as fast", "INCONCLUSIVE": "not certain"}


def render(found: ModelsCompared) -> Group:
    """For each target its models, with the verdicts of one schedule."""
    from rich.console import Group

    from edgeopt.report.shown import Text

    parts: list[RenderableType] = []
    for one in found.targets:
        parts.append(
            Text(lines(f"{one.target}: {_sentence(one, found.doubt)}"), style="bold green")
        )
        parts.append(_table(one))
        parts += [Text(line, style="dim") for line in _legend(one, found.doubt)]
        parts += [Text(lines(f"! {f.check}: {f.found}"), style="yellow") for f in one.findings]
    if found.doubt:
        parts.append(Text(_DOUBTS[found.doubt], style="yellow"))
    return Group(*parts)


def _sentence(one: ModelsOnTarget, doubt: Doubt) -> str:
    """Which model to ship, at which quality; where that is not told, why."""
    worth = [row for row in one.rows if row.standing == "worth it"]
    if not worth:
        return _why_none(one, doubt)
    words = []
    for row in worth:
        assert row.latency_ms is not None
        assert row.score is not None
        quality = answer.quality(row.score, relative=row.lower_is_better)
        words.append(f"{_name(row, one)} for {quality} in {fmt.ms(row.latency_ms.p50)}")
    return f"ship {' or '.join(words)}{_untold(worth, one)}."


def _why_none(one: ModelsOnTarget, doubt: Doubt) -> str:
    """Why no model is named."""
    if not any(row.latency_ms for row in one.rows):
        return "nothing was timed beside the others."
    if doubt:
        return "scores cannot be compared."
    lacking = [_name(row, one) for row in one.rows if row.latency_ms is None or row.score is None]
    if not lacking:
        return "which to ship is not told: the times cannot be compared."
    return f"which to ship is not told, without a time and a score of {', '.join(lacking)}."


def _untold(worth: Sequence[ModelRow], one: ModelsOnTarget) -> str:
    """Which of those that are named is not told to be faster, or slower, than the first one."""
    unsure = [row for row in worth if row.versus_first and row.versus_first.word == "INCONCLUSIVE"]
    first = next((row for row in one.rows if row.latency_ms and row.versus_first is None), None)
    if not unsure or first is None:
        return ""
    names = " and ".join(_name(row, one) for row in unsure)
    return f"; the times of {names} and {_name(first, one)} are not told apart"


def _legend(one: ModelsOnTarget, doubt: Doubt) -> Iterator[str]:
    """What the signs of the table mean, of those that occur, and what scores do not tell."""
    words = {row.versus_first.word for row in one.rows if row.versus_first}
    told = [f"{sign} {_MEANINGS[word]}" for word, sign in _SIGNS.items() if word in words]
    if told:
        yield "  ".join(told)
    if not doubt and sum(row.score is not None for row in one.rows) > 1:
        yield "Whether two scores differ by more than chance was not asked."


def _name(row: ModelRow, one: ModelsOnTarget) -> str:
    """The model's file; with the run's folder where two have the same."""
    name = PurePath(row.model).name
    alike = sum(PurePath(other.model).name == name for other in one.rows)
    return name if alike == 1 else f"{name} ({PurePath(row.folder).name})"


def _table(one: ModelsOnTarget) -> Table:
    from rich.table import Table

    from edgeopt.report.shown import Text

    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("model", no_wrap=True)
    table.add_column("ships", overflow="fold")
    counts = {row.n for row in one.rows if row.n}
    scored = f"score on {counts.pop()} held-out" if len(counts) == 1 else "score"
    for head in ("p50", "×first", scored, "source", "size"):
        table.add_column(head, justify="right", no_wrap=True)
    for row in one.rows:
        style = {"worth it": "bold green", "beaten": "dim"}.get(row.standing, "")
        table.add_row(Text(_name(row, one)), *map(Text, _cells(row)), style=style)
    return table


def _cells(row: ModelRow) -> Iterator[str]:
    yield row.title or row.reason
    yield fmt.ms(row.latency_ms.p50) if row.latency_ms else fmt.DASH
    yield _versus(row)
    for value in (row.score, row.source_score):
        known = value is not None
        yield answer.quality(value or 0.0, relative=row.lower_is_better) if known else fmt.DASH
    yield fmt.size(row.size_bytes)


def _versus(row: ModelRow) -> str:
    verdict = row.versus_first
    if verdict is None:
        return fmt.DASH
    return f"{_SIGNS.get(verdict.word, '')}{fmt.ratio(verdict.ratio)}"
