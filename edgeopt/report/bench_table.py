"""The table of `edgeopt bench`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from edgeopt.domain.bench_row import BenchRow
from edgeopt.report import format as fmt

if TYPE_CHECKING:
    from rich.table import Table


def render(rows: Sequence[BenchRow], inputs: str) -> Table:
    """One line for each artifact, for a terminal."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, caption=_caption(rows, inputs), caption_justify="left")
    for heading in ("artifact", "runtime", "threads", "p50", "95 % CI", "p90", "ran in", "verdict"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*_cells(row))
    return table


def _cells(row: BenchRow) -> list[str]:
    figures = row.latency_ms
    if figures is None:
        return [row.path, row.runtime, str(row.threads), "-", "", "", "", row.reason]
    return [
        row.path,
        row.runtime,
        str(row.threads),
        fmt.ms(figures.p50),
        fmt.interval(figures.p50_low, figures.p50_high, fmt.ms),
        fmt.ms(figures.p90, "too few"),
        row.precision or "unknown",
        fmt.verdict(row.versus) if row.versus else "(the first)",
    ]


def _caption(rows: Sequence[BenchRow], inputs: str) -> str:
    timed = next((row.latency_ms for row in rows if row.latency_ms), None)
    effort = f"{timed.n} runs in {timed.launches} fresh launches, interleaved; " if timed else ""
    return f"{effort}host to host, batch 1; inputs: {inputs}"


def as_data(rows: Sequence[BenchRow], inputs: str, raw: dict[str, Any]) -> dict[str, Any]:
    """The same as plain data, with every raw sample."""
    return {
        "v": 1,
        "inputs": inputs,
        "rows": [
            {
                "path": row.path,
                "runtime": row.runtime,
                "threads": row.threads,
                "latency_ms": msgspec.to_builtins(row.latency_ms),
                "versus_first": msgspec.to_builtins(row.versus),
                "precision": row.precision,
                "load_ms": row.load_ms,
                "reason": row.reason,
            }
            for row in rows
        ],
        "raw": raw,
    }
