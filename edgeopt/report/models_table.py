"""Several models side by side: one table a target, and which is worth shipping. Rich comes late."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath
from typing import TYPE_CHECKING

from edgeopt.domain.models_compared import ModelRow, ModelsCompared, ModelsOnTarget
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


def render(found: ModelsCompared) -> Group:
    """For each target its models, with the verdicts of one schedule."""
    from rich.console import Group

    from edgeopt.report.shown import Text

    parts: list[RenderableType] = []
    for one in found.targets:
        parts.append(Text(lines(f"{one.target}: {_sentence(one)}"), style="bold green"))
        parts.append(_table(one))
        parts += [Text(lines(f"! {f.check}: {f.found}"), style="yellow") for f in one.findings]
    if found.doubt:
        parts.append(Text(_DOUBTS[found.doubt], style="yellow"))
    return Group(*parts)


def _sentence(one: ModelsOnTarget) -> str:
    """Which model to ship, at which quality."""
    worth = [row for row in one.rows if row.standing == "worth it"]
    if not worth:
        told = any(row.latency_ms for row in one.rows)
        return "scores cannot be compared." if told else "nothing was timed beside the others."
    words = []
    for row in worth:
        assert row.latency_ms is not None
        assert row.score is not None
        quality = answer.quality(row.score, relative=row.lower_is_better)
        words.append(f"{_name(row, one)} for {quality} in {fmt.ms(row.latency_ms.p50)}")
    return f"ship {' or '.join(words)}."


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
    n = next((row.n for row in one.rows if row.n), None)
    for head in ("p50", "×first", f"score on {n} held-out" if n else "score", "source", "size"):
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
    signs = {"EQUIVALENT": "≈", "INCONCLUSIVE": "?"}
    return f"{signs.get(verdict.word, '')}{fmt.ratio(verdict.ratio)}"
