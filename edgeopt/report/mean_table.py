"""The table of `edgeopt bench` on a phone that LiteRT's `benchmark_model` times."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edgeopt.domain.mean_latency import MeanLatency, MeanRow, MeanTable
from edgeopt.domain.visible import lines
from edgeopt.report import format as fmt

if TYPE_CHECKING:
    from rich.console import Group

ABOUT = (
    "Means as LiteRT's benchmark_model printed them: one process each, one after the other, random "
    "inputs. They are not interleaved, so they have no verdict, and cannot be compared with "
    "figures of edgeopt's own harness."
)


def render(table: MeanTable) -> Group:
    """One line for each artifact, for a terminal."""
    from rich.console import Group
    from rich.table import Table

    from edgeopt.report.shown import Text

    shown = Table(box=None, pad_edge=False)
    shown.add_column("artifact", overflow="fold", ratio=1)
    for heading in ("thr", "mean*", "sd", "min to max", "n", "first", "init", "memory"):
        shown.add_column(heading, no_wrap=True)
    for row in table.rows:
        shown.add_row(*map(Text, _cells(row)))
    notes = ["", f"* {ABOUT}", *_hot(table)]
    notes += [f"{Path(row.path).name}: {row.reason}" for row in table.rows if row.reason]
    return Group(shown, Text(lines(*notes)))


def _cells(row: MeanRow) -> list[str]:
    found, name = row.benchmark_model, Path(row.path).name
    if found is None:
        return [name, str(row.threads), fmt.DASH, "", "", "", "", "", ""]
    return [
        name,
        str(row.threads),
        fmt.ms(found.mean_ms),
        fmt.ms(found.std_ms),
        _range(found),
        str(found.n),
        fmt.ms(found.first_ms),
        fmt.ms(found.init_ms),
        fmt.size(found.memory_bytes, fmt.DASH),
    ]


def _range(found: MeanLatency) -> str:
    if found.min_ms is None or found.max_ms is None:
        return fmt.DASH
    return fmt.interval(found.min_ms, found.max_ms, fmt.ms)


def _hot(table: MeanTable) -> list[str]:
    hot = [row for row in table.rows if row.benchmark_model and row.benchmark_model.hot]
    names = ", ".join(dict.fromkeys(Path(row.path).name for row in hot))
    return [f"The phone held back for heat while {names} ran: let it cool."] if hot else []
