"""The table of `edgeopt bench --load-time`."""

from __future__ import annotations

from collections.abc import Sequence

from edgeopt.domain.load_time import LoadTime, Spread, Stages
from edgeopt.domain.visible import lines
from edgeopt.report import format as fmt
from edgeopt.report.cases import CaseTable, cases


def render(rows: Sequence[LoadTime], inputs: str) -> CaseTable:
    """Two lines for each artifact, cold and warm; the range below each median."""
    table = CaseTable(
        "cache", "load", "compile", "first", "ready", "memory", caption=_caption(rows, inputs)
    )
    for row, first in cases(rows):
        table.add_row(*first, "cold", *_stages(row.cold, row, "cold"), "")
        table.add_row(
            "", "", "", "warm", *_stages(row.warm, row, "warm"), fmt.size(row.memory_bytes)
        )
    return table


def _stages(stages: Stages | None, row: LoadTime, name: str) -> list[str]:
    if stages is None:
        return [fmt.DASH, "", "", row.reason or row.why_null[name]]
    compiled = "in load" if stages.compile_ms is None else _spread(stages.compile_ms)
    return [
        _spread(stages.load_ms),
        compiled,
        _spread(stages.first_infer_ms),
        _spread(stages.ready_ms),
    ]


def _spread(value: Spread) -> str:
    return lines(fmt.ms(value.median), fmt.interval(value.low, value.high, fmt.ms))


def _caption(rows: Sequence[LoadTime], inputs: str) -> str:
    told = [f"medians and ranges of fresh processes, cold and warm in turn; inputs: {inputs}"]
    for row in rows:
        if row.process_ms and row.import_ms:
            told.append(
                f"{row.runtime}: before that {fmt.ms(row.process_ms.median)} for the process, "
                f"{fmt.ms(row.import_ms.median)} for importing the runtime"
            )
    return lines(*dict.fromkeys(told))
