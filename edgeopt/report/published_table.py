"""What others have published for a target, for a sanity check beside what is measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from edgeopt.domain.published import Published
from edgeopt.domain.visible import lines
from edgeopt.report import format as fmt

if TYPE_CHECKING:
    from rich.console import Group

TITLE = "Published latencies: figures of others, not measured here"
ABOUT = (
    "They differ in what they are (mean, median), in versions and in harness: expect 0.6 to 1.7 of "
    "them. The number after a figure is its source."
)


class PublishedRow(NamedTuple):
    """All figures of one model in one precision, shortest first."""

    model: str
    precision: str
    figures: tuple[str, ...]


def rows(published: Sequence[Published]) -> tuple[list[PublishedRow], list[str]]:
    """(rows, sources): a figure is "46 ms XNNPACK end2end-bench, all threads [1]"."""
    sources = list(dict.fromkeys(row.cited for row in published))
    groups: dict[tuple[str, str], list[Published]] = {}
    for row in published:
        groups.setdefault((row.model, row.precision), []).append(row)
    return [
        PublishedRow(
            model,
            precision,
            tuple(
                f"{_words(row)} [{sources.index(row.cited) + 1}]"
                for row in sorted(group, key=lambda row: row.latency_ms)
            ),
        )
        for (model, precision), group in groups.items()
    ], sources


def _words(row: Published) -> str:
    words = [f"{fmt.ms(row.latency_ms)} {row.runtime}"]
    if row.threads:
        words.append(f"{row.threads} threads" if row.threads != "1" else "1 thread")
    if row.unit not in ("", "CPU"):
        words.append(row.unit)
    return ", ".join(words)


def render(published: Sequence[Published]) -> Group:
    """For a terminal."""
    from rich.console import Group
    from rich.table import Table

    from edgeopt.report.shown import Text

    found, sources = rows(published)
    table = Table(box=None, pad_edge=False, title=lines("", TITLE), title_justify="left")
    for heading in ("model", "precision", "figures"):
        table.add_column(heading, overflow="fold")
    for row in found:
        table.add_row(row.model, row.precision, lines(*row.figures))
    cited = [f"[{number}] {source}" for number, source in enumerate(sources, start=1)]
    return Group(table, Text(lines("", ABOUT, *cited)))
