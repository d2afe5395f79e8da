"""The table of `edgeopt bench --fps`."""

from __future__ import annotations

from collections.abc import Sequence

from edgeopt.domain.open_loop import OpenLoop
from edgeopt.report import format as fmt
from edgeopt.report.cases import CaseTable, cases

#: From how many times as long after a pause it is said why.
TOLD_FACTOR = 1.2


def render(rows: Sequence[OpenLoop], inputs: str) -> CaseTable:
    """One line for each artifact; below them why some take longer than without pauses."""
    asked = fmt.significant(rows[0].fps_asked) if rows else "0"
    caption = (
        f"{asked} frames a second, whether the one before is done or not; times from the moment "
        f"a frame was due, waiting included; late: answered more than a period after that; "
        f"inputs: {inputs}{_pauses(rows)}"
    )
    table = CaseTable("done", "p50", "p90", "p99", "alone", "late", "queue", caption=caption)
    for row, first in cases(rows):
        table.add_row(*first, *_figures(row))
    return table


def _pauses(rows: Sequence[OpenLoop]) -> str:
    """Why an inference takes longer when frames leave pauses; "" where none does."""
    slowed = [row for row in rows if (row.pause_factor or 0) >= TOLD_FACTOR and row.keeps_up]
    if not slowed:
        return ""
    most = max(slowed, key=lambda row: row.pause_factor or 0)
    return (
        f"; alone: the inference itself, after the pause before its frame. It takes up to "
        f"{fmt.ratio(most.pause_factor)} the {fmt.ms(most.busy_p50_ms)} that it takes without "
        "pauses: meanwhile its weights and code leave the caches, and a core may sleep or slow down"
    )


def _figures(row: OpenLoop) -> list[str]:
    if row.fps_achieved is None:
        return [fmt.DASH, "", "", "", "", "", row.reason]
    return [
        fmt.per_second(row.fps_achieved),
        fmt.ms(row.p50_ms),
        fmt.ms(row.p90_ms, "too few"),
        fmt.ms(row.p99_ms, "too few"),
        fmt.ms(row.service_p50_ms),
        fmt.percent(row.late_share),
        _queue(row),
    ]


def _queue(row: OpenLoop) -> str:
    if row.keeps_up:
        return "keeps up"
    return f"grows by {fmt.per_second(row.queue_growth_fps)}, {row.queue_frames} at the end"
