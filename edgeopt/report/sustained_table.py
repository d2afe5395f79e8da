"""The tables of `edgeopt bench --sustained`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgeopt.domain.sustained import Minute, Ranking, Sustained
from edgeopt.domain.visible import lines
from edgeopt.harness.sustained_figures import BURST_S, ranking
from edgeopt.report import format as fmt
from edgeopt.report.artifact_names import names
from edgeopt.report.cases import CaseTable, cases

if TYPE_CHECKING:
    from rich.console import Group

ORDER = "One after the other, not interleaved: this describes, and is no verdict."


def render(rows: Sequence[Sustained], inputs: str) -> Group:
    """A line for each artifact, and below a line for each of its minutes."""
    from rich.console import Group

    caption = lines(*_caption(rows), f"inputs: {inputs}")
    whole = CaseTable("burst p50", "steady p50", "slower", "start", "pause", caption=caption)
    by_minute = CaseTable("minute", "runs", "p50", "p90", "temp.", "clock", "load", caption="")
    for row, first in cases(rows):
        whole.add_row(*first, *_figures(row))
        for minute in row.minutes:
            by_minute.add_row(*first, *_minute(minute))
    return Group(whole, "", by_minute)


def _figures(row: Sustained) -> list[str]:
    start = fmt.celsius(row.start_temperature_c)
    pause = fmt.duration(row.cooled_s) if row.cooled_s else ""
    if row.burst_p50_ms is None:
        return [fmt.DASH, fmt.DASH, row.reason or row.why_null["burst_p50_ms"], start, pause]
    steady = fmt.ms(row.steady_p50_ms)
    return [fmt.ms(row.burst_p50_ms), steady, fmt.ratio(row.slowdown), start, pause]


def _minute(minute: Minute) -> list[str]:
    return [
        str(minute.minute),
        fmt.whole(minute.n),
        fmt.ms(minute.p50_ms),
        fmt.ms(minute.p90_ms, "too few"),
        fmt.celsius(minute.temperature_c),
        fmt.mhz(minute.clock_mhz),
        fmt.DASH if minute.load_1m is None else fmt.significant(minute.load_1m, 2),
    ]


def _caption(rows: Sequence[Sustained]) -> list[str]:
    length = max((row.duration_s or 0.0 for row in rows), default=0.0)
    burst = fmt.brief(min(BURST_S, length / 3))
    told = [
        f"{fmt.duration(length)} of load each; burst: the first {burst}, steady: the last third"
    ]
    called = _called(rows)
    found = ranking(rows)
    if found is not None:
        told += [_ranking(found, called), ORDER]
    told += [
        f"{name}: {note}" for name, row in zip(called, rows, strict=True) for note in row.notes
    ]
    return told


def _ranking(found: Ranking, called: Sequence[str]) -> str:
    def order(places: Sequence[int]) -> str:
        return ", ".join(called[place] for place in places)

    if not found.swapped:
        return f"The order does not change under load (margin {fmt.percent(found.margin)})."
    swaps = "; ".join(f"{called[b]} overtakes {called[a]} under load" for a, b in found.swapped)
    return f"The order changes: {order(found.burst)} becomes {order(found.steady)}. {swaps}."


def _called(rows: Sequence[Sustained]) -> list[str]:
    named = names([row.path for row in rows])
    return [f"{name} thr {row.threads}" for name, row in zip(named, rows, strict=True)]
