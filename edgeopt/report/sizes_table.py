"""What the chosen takes at each size of an axis that stays open, as a table."""

from __future__ import annotations

from collections.abc import Iterator

from edgeopt.domain.at_size import AtSize
from edgeopt.domain.record import Record
from edgeopt.domain.run import Run
from edgeopt.report import format as fmt
from edgeopt.report.side_table import SideTable


def by_size(run: Run, chosen: Record | None) -> Iterator[SideTable]:
    """One row a size; nothing where no axis is kept open."""
    kept = run.source.kept
    if kept is None or chosen is None or not chosen.sizes:
        return
    heads: tuple[str, ...] = (kept.name, "held-out samples", "p50", "p90", "×base")
    rows = tuple(map(_row, chosen.sizes))
    if all(row[-1] == fmt.DASH for row in rows):  # the chosen is the baseline itself
        heads, rows = heads[:-1], tuple(row[:-1] for row in rows)
    yield SideTable(
        f"The chosen at each size of {kept.name}",
        "All sizes were timed in turns, in one schedule. Candidates are ranked at the largest "
        "size; each sample is scored at the smallest size that holds it.",
        heads,
        rows,
    )


def _row(one: AtSize) -> tuple[str, ...]:
    found, verdict = one.latency_ms, one.versus_baseline
    if found is None:
        return (str(one.size), fmt.whole(one.samples), fmt.DASH, fmt.DASH, one.reason)
    ratio = fmt.verdict(verdict, fmt.DASH)
    return (
        str(one.size), fmt.whole(one.samples), fmt.ms(found.p50), fmt.ms(found.p90, fmt.DASH), ratio
    )  # fmt: skip
