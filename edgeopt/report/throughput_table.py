"""The table of `edgeopt bench --streams`."""

from __future__ import annotations

from collections.abc import Sequence

from edgeopt.domain.throughput import Throughput
from edgeopt.domain.visible import lines
from edgeopt.report import format as fmt
from edgeopt.report.cases import CaseTable, cases


def render(rows: Sequence[Throughput], inputs: str) -> CaseTable:
    """One line for each artifact and number of streams; intervals (95 %) below their figures."""
    slices = max((row.slices for row in rows), default=0)
    caption = (
        f"median of {fmt.count(slices, 'slice')}, interleaved; a session and a thread that calls "
        f"it for each stream; inputs: {inputs}"
    )
    table = CaseTable("streams", "together", "p50", "p90", "memory", "note", caption=caption)
    for row, first in cases(rows):
        table.add_row(*first, str(row.streams), *_figures(row))
    return table


def _figures(row: Throughput) -> list[str]:
    if row.per_s is None:
        return [fmt.DASH, "", "", "", row.reason]
    rate: str = fmt.per_second(row.per_s)
    if row.per_s_low is not None and row.per_s_high is not None:
        rate = lines(rate, fmt.interval(row.per_s_low, row.per_s_high, fmt.per_second))
    return [
        rate,
        fmt.ms(row.p50_ms),
        fmt.ms(row.p90_ms, "too few"),
        fmt.size(row.memory_bytes),
        "; ".join(row.notes),
    ]
