"""Steps of a compression timed against what they started from, launch by launch."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from edgeopt.domain.finding import failures
from edgeopt.domain.latency import Verdict
from edgeopt.domain.record import Record
from edgeopt.harness.timed import Measurement
from edgeopt.harness.verdicts import compare, fastest, is_decided
from edgeopt.pipeline.target_run import TargetRun
from edgeopt.pipeline.timing import Plan, measured

#: Recipe ids of what a step made, and of what it started from.
Sides = tuple[tuple[str, ...], tuple[str, ...]]


@dataclass(frozen=True)
class Raced:
    """Forms of one model against forms of another: the fastest of each.

    Attributes:
        own, over: recipe ids of the two. verdict: between them.
    """

    own: str
    over: str
    verdict: Verdict


def time_step(
    run: TargetRun,
    before: Sequence[Record],
    after: Sequence[Record],
    seed: int,
) -> Raced | None:
    """Time what a step made against what it started from, each with several numbers of threads.

    It goes on until the verdict is clear or could not have the step kept, or the limit.

    Returns:
        None where the machine spoiled the figures, or one side failed.

    Raises:
        DeviceFailed: the device was lost.
    """
    sides = _ids(after), _ids(before)
    return _races(run, (before, after), "step", seed, (sides,))[0]


def time_steps(run: TargetRun, forms: Sequence[Sequence[Record]], seed: int) -> list[Raced | None]:
    """Time forms that each started from the one before: longer than what kept them.

    Args:
        forms: of the whole model first; each with several numbers of threads.

    Returns:
        Of all but the first what it came to against the one before it; as `time_step`.

    Raises:
        DeviceFailed: the device was lost.
    """
    ids = [_ids(form) for form in forms]
    return _races(run, forms, "steps", seed, tuple(zip(ids[1:], ids, strict=False)))


def _ids(records: Sequence[Record]) -> tuple[str, ...]:
    return tuple(str(record.recipe_id) for record in records)


def _races(
    run: TargetRun,
    forms: Sequence[Sequence[Record]],
    budget: str,
    seed: int,
    sides: Sequence[Sides],
) -> list[Raced | None]:
    records = [record for form in forms for record in form]
    plan = Plan(budget, seed, None, _ids(records))
    session, machine = measured(run, records, plan, lambda session: over(session, sides))
    return [None if failures(machine) else raced(session, *one) for one in sides]


def over(session: Measurement, sides: Sequence[Sides]) -> bool:
    """Whether nothing more could have one of the steps kept that is not."""
    races = [raced(session, *one) for one in sides]
    return all(one is None or is_decided(one.verdict) for one in races)


def raced(session: Measurement, ours: Collection[str], over: Collection[str]) -> Raced | None:
    """The fastest of some against the fastest of others; None where one side has none."""
    best, rival = fastest(session, ours), fastest(session, over)
    if best is None or rival is None:
        return None
    verdict = compare(session, best, rival)
    return Raced(best, rival, verdict) if verdict else None
