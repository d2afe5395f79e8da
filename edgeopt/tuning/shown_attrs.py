"""What other tools show of a trial in the storage: plain figures, beside its record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgeopt.domain.run import Constraints
from edgeopt.domain.study import TrialRecord
from edgeopt.tuning import limits

Shown = str | float | int


def of(
    record: TrialRecord, timed: Sequence[str], constraints: Constraints
) -> Iterator[tuple[str, Shown]]:
    """Names and values; what is not known is left out.

    Args:
        timed: targets whose latency is measured. constraints: limits; of each there is how far the
            trial is beyond it, as a share of it: 0 and less keeps it.
    """
    figures_of = record.evaluations or record.untrained
    figures: list[tuple[str, Shown | None]] = [
        ("score", record.score),
        *((f"latency_ms:{target}", record.latency_ms(target)) for target in timed),
        ("size_bytes", record.size_bytes),
        *((f"limit:{o.name}", round(o.excess, 6)) for o in limits.beside(figures_of, constraints)),
        ("why", record.why or None),
        ("worker", record.worker or None),
    ]
    for name, value in figures:
        if value is not None:
            yield name, value
