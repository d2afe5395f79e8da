"""The best artifact if one must serve several targets. Pure functions of records."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from edgeopt.domain.comparison import Share, Single
from edgeopt.domain.record import Record
from edgeopt.domain.run import Constraints
from edgeopt.search.choose import qualifying, share_of_baseline

ByTarget = Mapping[str, Sequence[Record]]


def single(
    records: ByTarget, baselines: Mapping[str, str | None], constraints: Constraints
) -> Single:
    """The artifact that qualifies on every target and is the least slow over those measured.

    An artifact may run with other threads and options on each target. Its latency is taken
    relative to the target's best qualifying one, both relative to the baseline of their
    interleaved schedule, so that nothing is compared that did not run together; the mean of
    these ratios over targets is geometric (Fleming and Wallace, CACM 29(3), 1986).

    Args:
        records: by target.
        baselines: recipe id of each target's baseline; None where nothing was measured.
    """
    held = {target: qualifying(found, constraints) for target, found in records.items()}
    timed = {target: _shares(held[target], baselines.get(target)) for target in records}
    measured = tuple(target for target in records if _was_measured(records[target]))
    kept = [
        artifact
        for artifact in _artifacts(records)
        if all(_of(artifact, held[target]) for target in records)
        and all(_best(artifact, timed[target]) for target in measured)
    ]
    if not measured or not kept:
        return Single(artifact=None, measured=measured, why=_why_none(records, held, measured))
    made = [_single(artifact, held, timed, measured) for artifact in kept]
    return min(made, key=lambda one: one.times or math.inf)


def _was_measured(records: Sequence[Record]) -> bool:
    return any(r.kind == "measured" and r.latency_ms for r in records)


def _artifacts(records: ByTarget) -> list[str]:
    """Identities of conversions, in the order of the first target."""
    return list(dict.fromkeys(r.recipe.conversion_id for found in records.values()
                              for r in found if r.recipe))  # fmt: skip


def _of(artifact: str, records: Sequence[Record]) -> list[Record]:
    return [r for r in records if r.recipe and r.recipe.conversion_id == artifact]


def _shares(records: Sequence[Record], baseline: str | None) -> list[tuple[float, Record]]:
    """Latency relative to the baseline's, of records that have both."""
    return [
        (share, record)
        for record in records
        if record.kind == "measured" and record.latency_ms
        if (share := share_of_baseline(record, baseline)) is not None
    ]


def _best(artifact: str, timed: Sequence[tuple[float, Record]]) -> tuple[float, Record] | None:
    own = [one for one in timed if one[1].recipe and one[1].recipe.conversion_id == artifact]
    return min(own, key=lambda one: one[0], default=None)


def _single(
    artifact: str,
    held: ByTarget,
    timed: Mapping[str, Sequence[tuple[float, Record]]],
    measured: tuple[str, ...],
) -> Single:
    shares = []
    for target, records in held.items():
        best = _best(artifact, timed[target])
        if target in measured and best is not None:
            times: float | None = best[0] / min(share for share, _ in timed[target])
            record = best[1]
        else:
            times, record = None, _of(artifact, records)[0]
        shares.append(Share(target=target, recipe_id=str(record.recipe_id), times=times))
    logs = [math.log(share.times) for share in shares if share.times]
    times = math.exp(sum(logs) / len(logs))
    others = tuple(target for target in held if target not in measured)
    title = title_of(record)
    return Single(
        artifact=artifact,
        title=title,
        path=record.artifact,
        times=times,
        measured=measured,
        others=others,
        shares=tuple(shares),
        why=_why(title, times, measured, others),
    )


def title_of(record: Record) -> str:
    """An artifact in words, without threads and options."""
    assert record.recipe is not None
    return str(record.recipe.with_threads(1)).split(" threads=1")[0]


def _why(title: str, times: float, measured: Sequence[str], others: Sequence[str]) -> str:
    also = f"; it qualifies by its score alone on {', '.join(others)}" if others else ""
    return (
        f"{title}: qualifies on every target, and takes {times:.2f} times each target's best on "
        f"average over {', '.join(measured)}{also}."
    )


def _why_none(records: ByTarget, held: ByTarget, measured: Sequence[str]) -> str:
    if not measured:
        return "nothing was measured, so that no artifact can be called the best."
    counts = {
        artifact: [target for target in records if _of(artifact, held[target])]
        for artifact in _artifacts(records)
    }
    nearest = max(counts, key=lambda artifact: len(counts[artifact]), default=None)
    if nearest is None or not counts[nearest]:
        return "no artifact qualifies on any target."
    lacking = [target for target in records if target not in counts[nearest]]
    title = next(title_of(r) for found in records.values() for r in _of(nearest, found))
    if not lacking:
        return f"{title} qualifies by its score everywhere, but was not timed on every device."
    return (
        f"no artifact qualifies on every target; {title} comes nearest and does not on "
        f"{', '.join(lacking)}."
    )
