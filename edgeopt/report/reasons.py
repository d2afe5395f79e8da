"""Why a candidate was chosen: its three strongest reasons, and what is an exception to them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgeopt.domain.aim import Aim
from edgeopt.domain.record import Record
from edgeopt.domain.run import Choice, Constraints, Miss, Request, Run
from edgeopt.report import aim_words, beside_limit, suggestion_words
from edgeopt.report import format as fmt
from edgeopt.search.aims import OF_TIME, cost
from edgeopt.search.choose import TIE, likely, qualifies, shortfalls

MOST = 3


def reasons(run: Run, choice: Choice, record: Record) -> tuple[str, ...]:
    """At most three sentences, the strongest first."""
    records = [one for one in run.records if one.target == choice.target]
    limits = run.request.constraints
    if record.measured is None:
        told = [*suggestion_words.reasons(choice)] or [choice.why]
        found = [*told[: MOST - 1], *_kept(record, limits), *_smaller(run, record)]
    else:
        found = [
            *_first(choice, record, records, run.request),
            *_kept(record, limits),
            *(_faster_but(record, records, limits) if run.request.aim == "latency" else ()),
            *_smaller(run, record),
        ]
    return tuple(found[:MOST])


def exceptions(choice: Choice, record: Record) -> Iterator[str]:
    """What stays in float in the chosen artifact, and who was rejected before it."""
    for one in choice.refinements:
        if one.result == record.recipe_id and one.kept:
            names = ", ".join(price.group.title for price in one.kept)
            yield f"These layers stay in float, the rest is in int8: {names}."
    if record.recipe and record.recipe.quantization and record.recipe.quantization.tail == "float":
        yield "What follows the last layer with weights stays in float."
    for miss in choice.rejected:
        yield f"{miss.title} was rejected first: {miss.why}."


def missed(run: Run, miss: Miss, target: str) -> str:
    """By what a candidate falls short, in points; as stored where the record is not there."""
    record = run.record(target, miss.recipe_id)
    limits = run.request.constraints
    words = _loses_too_much(record, limits) if record else ""
    return words or miss.why


def _loses_too_much(record: Record, limits: Constraints) -> str:
    """ "loses 3.9 points, 2.0 points are allowed"; "" where it is another limit that it misses."""
    kinds = {one.kind for one in shortfalls(record, limits)}
    for drop, part in ((record.drop, "choosing"), (record.confirm_drop, "held-out")):
        if kinds == {"drop"} and drop is not None and not drop.judged <= limits.max_drop:
            lost, allowed = beside_limit.drop(drop, limits.max_drop)
            return f"{lost} on the {part} samples, {allowed} are allowed"
    return ""


def _first(
    choice: Choice, record: Record, records: Sequence[Record], request: Request
) -> Iterator[str]:
    """Where it stands in what the run aims at."""
    aim, limits = request.aim, request.constraints
    if aim == "latency":
        yield from _fastest(choice, record, records, limits)
        return
    rivals = [
        one
        for one in _keeping(choice, record, records, limits)
        if _conversion(one) != _conversion(record) and _comparable(one, record, aim)
    ]
    if not rivals:
        yield f"No other candidate that keeps the limits has a figure of {aim} beside it."
        return
    rival = min(rivals, key=lambda one: cost(one, aim) or 0.0)
    yield (
        f"It is {aim_words.FIRST[aim]} of {fmt.count(len(rivals) + 1, 'candidate')} that keep the "
        f"limits, within {fmt.limit_percent(TIE)}: {aim_words.named(record, aim)}. "
        f"The next, {rival.title}, has {aim_words.figure(rival, aim)}."
    )


def _keeping(
    choice: Choice, record: Record, records: Sequence[Record], limits: Constraints
) -> Iterator[Record]:
    """Others that keep the limits; what may well lose more on other samples is none of them.

    A file that was left since its loss is not proven is left with every number of threads.
    """
    left = {one.recipe_id for one in choice.passed_over}
    files = {_conversion(one) for one in records if one.recipe_id in left} - {""}
    for one in records:
        if one.recipe_id == record.recipe_id or one.recipe_id in left or _conversion(one) in files:
            continue
        if qualifies(one, limits) and likely(one, limits):
            yield one


def _conversion(record: Record) -> str:
    return record.recipe.conversion_id if record.recipe else ""


def _comparable(one: Record, record: Record, aim: Aim) -> bool:
    """Whether both have the figure; a time of the same schedule."""
    if cost(one, aim) is None:
        return False
    stages = [each.latency_ms.stage for each in (one, record) if each.latency_ms]
    return aim not in OF_TIME or len(set(stages)) == 1


def _fastest(
    choice: Choice, record: Record, records: Sequence[Record], limits: Constraints
) -> Iterator[str]:
    """Where it stands among those that keep the limits, of the same schedule."""
    own = record.measured
    assert own is not None
    rivals = [
        (other.p50, one)
        for one in _keeping(choice, record, records, limits)
        if (other := one.measured) and other.stage == own.stage
    ]
    if not rivals:
        yield "No other candidate of the deciding schedule is known to keep the limits."
        return
    p50, rival = min(rivals, key=lambda pair: pair[0])
    n = fmt.count(len(rivals) + 1, "candidate")
    times = fmt.ms(own.p50), fmt.ms(p50)
    if p50 * (1 + TIE) < own.p50:
        apart = ", which this schedule does not tell apart" * (rival.recipe_id in record.alike)
        yield (
            f"Of {n} that keep the limits it was taken, with {times[0]}; "
            f"{rival.title} takes {times[1]}{apart}."
        )
    elif p50 < own.p50 * (1 + TIE):
        yield (
            f"None of {n} that keep the limits is faster by {fmt.limit_percent(TIE)}: it takes "
            f"{times[0]}, {rival.title} {times[1]}."
        )
    else:
        yield (
            f"The fastest of {n} that keep the limits: {fmt.ms(own.p50)}. "
            f"The next, {rival.title}, takes {fmt.ms(p50)}."
        )


def _kept(record: Record, limits: Constraints) -> Iterator[str]:
    drop = record.confirm_drop
    if drop is not None:
        lost, allowed = beside_limit.drop(drop, limits.max_drop)
        samples = fmt.count(drop.n, "held-out sample")
        yield f"It {lost} on {samples}; {allowed} are allowed."


def _faster_but(record: Record, records: Sequence[Record], limits: Constraints) -> Iterator[str]:
    """What is faster and does not keep the limits."""
    faster = [one for one in records if _is_faster(one, record)]
    if not faster:
        yield "Nothing that was timed is faster."
        return
    lossy = [(one, words) for one in faster if (words := _loses_too_much(one, limits))]
    if lossy:
        best, words = lossy[0]
        n = fmt.count(len(lossy), "faster candidate")
        yield f"{n} lost too much: {best.title} {words}."


def _is_faster(one: Record, record: Record) -> bool:
    """By times of one schedule, else by their ratios to the baseline."""
    theirs, own = one.measured, record.measured
    if theirs is None or own is None:
        return False
    if theirs.stage == own.stage:
        return theirs.p50 < own.p50
    a, b = one.versus_baseline, record.versus_baseline
    return a is not None and a.ratio > (b.ratio if b else 1.0)


def _smaller(run: Run, record: Record) -> Iterator[str]:
    before, after = run.source.size_bytes, record.size_bytes
    if after and before > 1.1 * after:
        yield f"It is {fmt.factor(before / after)} times smaller than the source."
