"""The table of `edgeopt bench`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from edgeopt.domain.bench_row import BenchRow
from edgeopt.domain.latency import Verdict
from edgeopt.domain.start import Start
from edgeopt.report import format as fmt

if TYPE_CHECKING:
    from rich.table import Table


def render(rows: Sequence[BenchRow], inputs: str, noise: float | None) -> Table:
    """One line for each artifact, for a terminal; intervals (95 %) below their figures."""
    from rich.table import Table

    caption = _caption(rows, inputs, noise)
    table = Table(box=None, pad_edge=False, caption=caption, caption_justify="left")
    table.add_column("artifact", overflow="fold", ratio=1)
    for heading in ("runtime", "thr", "p50", "p90", "load", "memory", "ran in", "verdict"):
        table.add_column(heading, no_wrap=heading != "verdict")
    for row, name in zip(rows, _names(rows), strict=True):
        table.add_row(*_cells(row, name))
    return table


def _names(rows: Sequence[BenchRow]) -> list[str]:
    """The paths without the folders that all of them share."""
    shared = os.path.commonpath([os.path.dirname(os.path.abspath(row.path)) for row in rows])
    return [os.path.relpath(row.path, shared) for row in rows]


def _cells(row: BenchRow, name: str) -> list[str]:
    figures = row.latency_ms
    if figures is None:
        return [name, row.runtime, str(row.threads), fmt.DASH, "", "", "", "", row.reason]
    bounds = fmt.interval(figures.p50_low, figures.p50_high, fmt.ms)
    return [
        name,
        row.runtime,
        str(row.threads),
        f"{fmt.ms(figures.p50)}\n{bounds}",
        fmt.ms(figures.p90, "too few"),
        *_ready(row.start),
        row.precision or "unknown",
        _verdict(row.versus),
    ]


def _ready(start: Start | None) -> list[str]:
    if start is None:
        return ["", ""]
    opened = [ms for ms in (start.load_ms, start.compile_ms) if ms is not None]
    return [fmt.ms(sum(opened)) if opened else fmt.DASH, fmt.size(start.memory_bytes, fmt.DASH)]


def _verdict(verdict: Verdict | None) -> str:
    if verdict is None:
        return "(the baseline)"
    return f"{verdict.word} {fmt.ratio(verdict.ratio)}\n{fmt.verdict_bounds(verdict)}"


def _caption(rows: Sequence[BenchRow], inputs: str, noise: float | None) -> str:
    timed = next((row.latency_ms for row in rows if row.latency_ms), None)
    effort = f"{timed.n} runs in {timed.launches} fresh launches, interleaved; " if timed else ""
    told = (
        "" if noise is None else f"\nthe baseline against itself differed by {fmt.percent(noise)}"
    )
    return f"{effort}host to host, batch 1; inputs: {inputs}{told}"


def as_data(
    rows: Sequence[BenchRow], inputs: str, noise: float | None, raw: dict[str, Any]
) -> dict[str, Any]:
    """The same as plain data, with every raw sample."""
    return {
        "v": 2,
        "inputs": inputs,
        "noise": noise,
        "rows": [
            {
                "path": row.path,
                "runtime": row.runtime,
                "threads": row.threads,
                "latency_ms": msgspec.to_builtins(row.latency_ms),
                "versus_baseline": msgspec.to_builtins(row.versus),
                "precision": row.precision,
                "start": msgspec.to_builtins(row.start),
                "reason": row.reason,
            }
            for row in rows
        ],
        "raw": raw,
    }
