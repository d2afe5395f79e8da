"""What is said of other samples when a candidate is chosen, and of those that were passed over."""

from __future__ import annotations

from collections.abc import Sequence

from edgeopt.datasets.scores import smallest_resolvable
from edgeopt.domain.record import Record
from edgeopt.pipeline.target_run import TargetRun
from edgeopt.report import words
from edgeopt.report.promise import Held, Promise
from edgeopt.search import choose

#: Fewer are named: the fastest ones are what a user would ask about.
PASSED_OVER = 2


def promise(
    run: TargetRun, record: Record, records: Sequence[Record], baseline: str | None
) -> Promise:
    """What the samples tell of a candidate that was confirmed."""
    constraints = run.call.constraints
    drop = record.confirm_drop
    assert drop is not None
    held: Held = "held" if drop.resolved and drop.judged <= constraints.max_drop else "not told"
    needed = smallest_resolvable(run.context.judge, constraints.max_drop)
    return Promise(
        held=held,
        likely=choose.likely(record, constraints),
        needed=None if held == "held" else needed,
        constraints=constraints,
        tied=choose.tied_with(record, choose.qualifying(records, constraints), baseline),
    )


def warnings(
    run: TargetRun, record: Record, records: Sequence[Record], baseline: str | None
) -> tuple[str, ...]:
    """Candidates that are faster and lose no more here, of which other samples may lose more."""
    constraints = run.call.constraints
    faster = [
        other
        for other in choose.ranked(choose.qualifying(records, constraints), baseline)
        if not choose.likely(other, constraints) and choose.faster(other, record, baseline)
    ]
    said = (words.passed_over(other, record, baseline) for other in faster[:PASSED_OVER])
    return tuple(filter(None, said))
