"""The table of `edgeopt bench`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from edgeopt.domain.bench_row import BenchRow, BenchTable, Parts
from edgeopt.domain.energy import Energy
from edgeopt.domain.start import Start
from edgeopt.domain.visible import lines
from edgeopt.report import format as fmt
from edgeopt.report import words
from edgeopt.report.cases import below, cases

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table


def render(bench: BenchTable) -> Group:
    """One line for each artifact, for a terminal; intervals (95 %) below their figures."""
    from rich.console import Group

    from edgeopt.report.shown import Fitting, Text

    table = Fitting(lambda: _table(bench, narrow=False), lambda: _table(bench, narrow=True))
    notes = [_effort(bench), *_machine(bench)]
    return Group(table, Text(lines("", *notes)))


def _table(bench: BenchTable, *, narrow: bool) -> Table:
    """The lines. `narrow`: what belongs together stands below each other."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    metered = any(row.energy and row.energy.gross_mj for row in bench.rows)
    table.add_column("artifact", overflow="fold", ratio=1)
    heads = ["runtime", "thr", "p50", "p90", "load", "memory", "ran in", "verdict"]
    rows = [[*first, *_figures(row)] for row, first in cases(bench.rows)]
    if metered:
        heads.insert(-1, "energy")
        for row, cells in zip(bench.rows, rows, strict=True):
            cells.insert(-1, _energy(row.energy))
    if any(row.parts for row in bench.rows):
        heads.insert(-1, "of it")
        for row, cells in zip(bench.rows, rows, strict=True):
            cells.insert(-1, _parts(row.parts))
    for heading in _narrow_heads(heads) if narrow else heads:
        whole = heading != "verdict" and not narrow
        table.add_column(heading, no_wrap=whole, overflow="fold")
    for cells in rows:
        table.add_row(*(_stacked(cells) if narrow else _beside(cells)))
    return table


def _narrow_heads(heads: list[str]) -> list[str]:
    """Of the columns after the artifact's, as `_stacked` has them."""
    _, _, p50, p90, load, memory, ran, *rest = heads
    return [_below(p50, p90), _below(load, memory, ran), *rest]


def _beside(cells: list[str]) -> list[str]:
    """The bounds of the p50 below it, all else in a column of its own."""
    name, runtime, threads, p50, bounds, *rest = cells
    return [name, runtime, threads, _below(p50, bounds), *rest]


def _stacked(cells: list[str]) -> list[str]:
    """The runtime and its threads below the name, the p90 below the p50, and so on."""
    name, runtime, threads, p50, bounds, p90, load, memory, ran, *rest = cells
    return [
        below(name, runtime, threads),
        _below(p50, bounds, f"p90 {p90}" if p90 else ""),
        _below(load, memory, ran),
        *rest,
    ]


def _below(*parts: str) -> str:
    return lines(*filter(None, parts))


def _energy(energy: Energy | None) -> str:
    if energy is None or energy.gross_mj is None:
        return fmt.DASH
    return lines(fmt.millijoules(energy.gross_mj), str(energy.covers))


def _parts(parts: Parts | None) -> str:
    if parts is None:
        return fmt.DASH
    return lines(
        f"prepare {fmt.ms(parts.prepare_ms)}",
        f"infer {fmt.ms(parts.infer_ms)}",
        f"decode {fmt.ms(parts.decode_ms)}",
        f"(NMS {fmt.ms(parts.suppress_ms)})",
    )


def _figures(row: BenchRow) -> list[str]:
    figures = row.latency_ms
    if figures is None:
        return [fmt.DASH, "", "", "", "", "", row.reason]
    return [
        fmt.ms(figures.p50),
        fmt.interval(figures.p50_low, figures.p50_high, fmt.ms),
        fmt.ms(figures.p90, "too few"),
        *_ready(row.start),
        row.precision or "unknown",
        _verdict(row),
    ]


def _ready(start: Start | None) -> list[str]:
    if start is None:
        return ["", ""]
    opened = [ms for ms in (start.load_ms, start.compile_ms) if ms is not None]
    return [fmt.ms(sum(opened)) if opened else fmt.DASH, fmt.size(start.memory_bytes, fmt.DASH)]


def _verdict(row: BenchRow) -> str:
    if row.latency_ms and row.latency_ms.spoiled:
        return "not ranked"
    verdict = row.versus_baseline
    if verdict is None:
        return "(the baseline)"
    return lines(f"{verdict.word} {fmt.ratio(verdict.ratio)}", fmt.verdict_bounds(verdict))


def _effort(bench: BenchTable) -> str:
    timed = next((row.latency_ms for row in bench.rows if row.latency_ms), None)
    effort = f"{timed.n} runs in {timed.launches} fresh launches, interleaved; " if timed else ""
    whole = any(row.parts for row in bench.rows)
    boundary = "from a photo to its answer" if whole else "host to host"
    return f"{effort}{boundary}; inputs: {bench.inputs}"


def _machine(bench: BenchTable) -> Iterator[str]:
    """What a reader must know of the machine before believing a figure."""
    if bench.noise is not None:
        yield f"the baseline against itself differed by {fmt.percent(bench.noise)}"
    for finding in bench.findings:
        if finding.state in ("warning", "failed"):
            yield words.finding(finding)
