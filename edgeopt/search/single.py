"""The best artifact if one must serve several targets. Pure functions of records."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from edgeopt.domain.aim import Aim
from edgeopt.domain.comparison import Share
from edgeopt.domain.record import Record
from edgeopt.domain.run import Constraints
from edgeopt.search.aims import cost, relative
from edgeopt.search.choose import qualifying

ByTarget = Mapping[str, Sequence[Record]]


@dataclass(frozen=True)
class SingleBest:
    """The artifact that serves all targets best.

    Attributes:
        record: of it, on the last target.
        times, shares, measured, others, aim: as in `Single`.
    """

    record: Record
    times: float
    shares: tuple[Share, ...]
    measured: tuple[str, ...]
    others: tuple[str, ...]
    aim: Aim = "latency"


@dataclass(frozen=True)
class NoSingle:
    """No artifact serves all targets.

    Attributes:
        measured: the targets that were measured; empty: so none can be called the best.
        nearest: of the artifact that qualifies on most targets; None: none does on any.
        lacking: where that does not qualify; empty: it was only not timed everywhere.
        aim: as in `Single`.
    """

    measured: tuple[str, ...]
    nearest: Record | None = None
    lacking: tuple[str, ...] = ()
    aim: Aim = "latency"


def best_single(
    records: ByTarget,
    baselines: Mapping[str, str | None],
    constraints: Constraints,
    aim: Aim = "latency",
) -> SingleBest | NoSingle:
    """The artifact that qualifies on every target and costs least over those measured.

    An artifact may run with other threads and options on each target. Its cost is taken
    relative to the target's best qualifying one; of times, both relative to the baseline of their
    interleaved schedule, so that nothing is compared that did not run together; the mean of
    these ratios over targets is geometric (Fleming and Wallace, CACM 29(3), 1986).

    Args:
        records: by target.
        baselines: recipe id of each target's baseline; None where nothing was measured.
        aim: what the cost is. Where no target has a figure of it, it is the time.
    """
    known = {target: _known(tried, aim) for target, tried in records.items()}
    if not any(known.values()):
        aim, known = "latency", {target: _known(r, "latency") for target, r in records.items()}
    within = {target: qualifying(tried, constraints) for target, tried in records.items()}
    timed = {target: _shares(within[target], baselines.get(target), aim) for target in records}
    measured = tuple(target for target in records if known[target])
    everywhere = [
        artifact
        for artifact in _artifacts(records)
        if all(_of(artifact, within[target]) for target in records)
        and all(_best(artifact, timed[target]) for target in measured)
    ]
    if not measured or not everywhere:
        return replace(_none(records, within, measured), aim=aim)
    singles = [_single(artifact, within, timed, measured) for artifact in everywhere]
    return replace(min(singles, key=lambda one: one.times), aim=aim)


def _known(records: Sequence[Record], aim: Aim) -> list[Record]:
    """Those that have a figure: a size is known of each, all else was measured on a device."""
    if aim == "size":
        return [r for r in records if r.status == "ok" and r.size_bytes is not None]
    measured = [r for r in records if r.kind == "measured" and r.latency_ms]
    return [r for r in measured if cost(r, aim) is not None]


def _artifacts(records: ByTarget) -> list[str]:
    """Identities of conversions, in the order of the first target."""
    recipes = (record.recipe for tried in records.values() for record in tried)
    return list(dict.fromkeys(recipe.conversion_id for recipe in recipes if recipe))


def _of(artifact: str, records: Sequence[Record]) -> list[Record]:
    return [r for r in records if r.recipe and r.recipe.conversion_id == artifact]


def _shares(
    records: Sequence[Record], baseline: str | None, aim: Aim
) -> list[tuple[float, Record]]:
    """The cost of records that have one; of times, relative to the baseline's."""
    return [
        (share, record)
        for record in _known(records, aim)
        if (share := relative(record, aim, baseline)) is not None
    ]


def _best(artifact: str, timed: Sequence[tuple[float, Record]]) -> tuple[float, Record] | None:
    shares = [
        (share, record)
        for share, record in timed
        if record.recipe and record.recipe.conversion_id == artifact
    ]
    return min(shares, key=lambda pair: pair[0], default=None)


def _single(
    artifact: str,
    within: ByTarget,
    timed: Mapping[str, Sequence[tuple[float, Record]]],
    measured: tuple[str, ...],
) -> SingleBest:
    shares = []
    for target, records in within.items():
        best = _best(artifact, timed[target])
        if target in measured and best is not None:
            times: float | None = best[0] / min(share for share, _ in timed[target])
            record = best[1]
        else:
            times, record = None, _of(artifact, records)[0]
        shares.append(Share(target=target, recipe_id=str(record.recipe_id), times=times))
    logs = [math.log(share.times) for share in shares if share.times]
    return SingleBest(
        record=record,
        times=math.exp(sum(logs) / len(logs)),
        shares=tuple(shares),
        measured=measured,
        others=tuple(target for target in within if target not in measured),
    )


def _none(records: ByTarget, within: ByTarget, measured: tuple[str, ...]) -> NoSingle:
    targets = {
        artifact: [target for target in records if _of(artifact, within[target])]
        for artifact in _artifacts(records)
    }
    nearest = max(targets, key=lambda artifact: len(targets[artifact]), default=None)
    if nearest is None or not targets[nearest]:
        return NoSingle(measured)
    lacking = tuple(target for target in records if target not in targets[nearest])
    record = next(record for tried in records.values() for record in _of(nearest, tried))
    return NoSingle(measured, record, lacking)
