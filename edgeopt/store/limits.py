"""What still holds of a run where only its limits are others: pure functions of records.

Conversions, answers and scores do not depend on what is allowed. What was decided by it does: who
was timed, taken back or confirmed, and whether an interval settles the allowed drop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from edgeopt.domain.record import Record
from edgeopt.domain.run import Constraints, Request
from edgeopt.domain.score import Drop, settled
from edgeopt.domain.untimed import Untimed

#: Puts a reason into words: what is stored for people stands beside its value.
Say = Callable[[Untimed], str]

NOT_AGAIN = Untimed(kind="other-limits")


def by_kind(untimed: Untimed) -> str:
    """The plainest words: the name of the reason."""
    return untimed.kind


def differs_in_limits(earlier: Request, request: Request) -> bool:
    """Whether two requests differ in their limits, bounds, aim and time, and in nothing else."""
    limits = {name: getattr(request, name) for name in ("constraints", "aim", "time_s")}
    same = msgspec.structs.replace(earlier, **limits)
    return earlier != request and same == request


def under_other_limits(
    history: Iterable[Record], limits: Constraints, say: Say = by_kind
) -> list[Record]:
    """Each candidate as it was when it was scored; without those that must be scored again.

    Args:
        history: every line of a journal. The first of a candidate is the one that it got when it
            was scored; later ones add what a schedule or the confirming part told.
        say: words for why they have no latency.
    """
    first: dict[tuple[str, str, str], Record] = {}
    for record in history:
        known = first.get(record.key)
        if known is None or known.status == "timeout":  # which was tried again
            first[record.key] = record
    within = [record for record in first.values() if _within(record, limits)]
    return [_under(record, limits, say) for record in within if _holds(record, limits)]


def _within(record: Record, limits: Constraints) -> bool:
    """Whether other bounds of the space leave it in; what was left out is looked at anew."""
    if record.recipe is None and record.status == "skipped":
        return False
    asked = limits.space
    if asked is None or record.recipe is None:
        return True
    # What is outside, and measured to compare with, is scored again: few are, in a moment.
    named = not asked.threads or record.recipe.threads in asked.threads
    return named and asked.excludes(record.runtime, record.precision) is None


def _holds(record: Record, limits: Constraints) -> bool:
    """Whether a score can be compared with other limits without the answers that it came from."""
    # It lost too much for another limit, or was not scored since it was too large for one.
    if record.given_up is not None or record.status == "skipped":
        return False
    if record.drop is None:
        return True
    # Slices are made where they are asked for; an error's interval holds its limit in itself.
    sliced = bool(record.slices) or limits.max_slice_drop is not None
    return not sliced and record.drop.relative is None


def _under(record: Record, limits: Constraints, say: Say) -> Record:
    drop = _resolved(record, record.drop, limits.max_drop) if record.drop else None
    record = msgspec.structs.replace(record, drop=drop)
    if record.untimed is None or record.untimed.kind != "not-yet":
        return record
    return msgspec.structs.replace(record, untimed=NOT_AGAIN, latency_reason=say(NOT_AGAIN))


def _resolved(record: Record, drop: Drop, max_drop: float) -> Drop:
    """The drop, compared with another limit (`datasets/scores.py`)."""
    score = record.score
    groups = (score.groups or score.alike) if score else None
    resolved = settled(*drop.bounds, max_drop, drop.n, groups)
    return msgspec.structs.replace(drop, resolved=resolved)
