"""Why a candidate was chosen: its three strongest reasons, and what is an exception to them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Literal

from edgeopt.domain.aim import Aim
from edgeopt.domain.record import Record
from edgeopt.domain.run import Choice, Constraints, Miss, Request, Run
from edgeopt.domain.score import Drop
from edgeopt.report import aim_words, beside_limit, suggestion_words
from edgeopt.report import format as fmt
from edgeopt.search.aims import OF_TIME, cost
from edgeopt.search.choose import TIE, likely, qualifies, shortfalls

MOST = 3

_MAYBE = ("candidate that may be faster", "candidates that may be faster")
_UNSETTLED = "as far as these samples tell"


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
    if lacks := aim_words.unknown(record, aim):
        yield f"It went by its time: {lacks}."
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
    among = f"{_among(rivals, record, aim)} that {_keep(choice, records, limits)} the limits"
    yield _beside(record, rival, among, aim)


def _beside(record: Record, rival: Record, among: str, aim: Aim) -> str:
    """Both figures, and which is the lower one."""
    own, least = (cost(one, aim) or 0.0 for one in (record, rival))
    figure, next_one = (aim_words.figure(one, aim) for one in (record, rival))
    if least * (1 + TIE) < own:
        apart = ", which this schedule does not tell apart" * (rival.recipe_id in record.alike)
        return f"Of {among} it was taken, with {aim} {figure}; {rival.title} has {next_one}{apart}."
    tie = f", within {fmt.limit_percent(TIE)}" * (least <= own * (1 + TIE))
    return (
        f"It is {aim_words.FIRST[aim]} of {among}{tie}: {aim} {figure}. "
        f"The next, {rival.title}, has {next_one}."
    )


def _among(rivals: Sequence[Record], record: Record, aim: Aim) -> str:
    """How many it is the first of, and what they are: files, or candidates of one schedule."""
    if aim == "size":
        return fmt.count(len({_conversion(one) for one in rivals}) + 1, "file")
    n = fmt.count(len(rivals) + 1, "candidate")
    return f"{n} of {_schedule(record) if aim in OF_TIME else f'known {aim}'}"


def _schedule(record: Record) -> str:
    """The schedule that a candidate was timed in."""
    stage = record.latency_ms.stage if record.latency_ms else "screen"
    return "the deciding schedule" if stage == "final" else "the short schedule"


def _keep(choice: Choice, records: Sequence[Record], limits: Constraints) -> str:
    """What those that are counted do, where others keep the limits on these samples alone."""
    left = {one.recipe_id for one in choice.passed_over}
    doubtful = [one for one in records if one.recipe_id in left or not likely(one, limits)]
    return "are likely to keep" if any(qualifies(one, limits) for one in doubtful) else "keep"


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
    if not aim_words.named(one, aim):
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
        yield f"No other candidate of {_schedule(record)} is known to keep the limits."
        return
    p50, rival = min(rivals, key=lambda pair: pair[0])
    n = f"{_among([one for _, one in rivals], record, 'latency')} that"
    n = f"{n} {_keep(choice, records, limits)} the limits"
    times = fmt.ms(own.p50), fmt.ms(p50)
    if p50 * (1 + TIE) < own.p50:
        apart = ", which this schedule does not tell apart" * (rival.recipe_id in record.alike)
        yield f"Of {n} it was taken, with {times[0]}; {rival.title} takes {times[1]}{apart}."
    elif p50 < own.p50 * (1 + TIE):
        yield (
            f"None of {n} is faster by {fmt.limit_percent(TIE)}: it takes "
            f"{times[0]}, {rival.title} {times[1]}."
        )
    else:
        yield (
            f"The fastest of {n}: {fmt.ms(own.p50)}. The next, {rival.title}, takes {fmt.ms(p50)}."
        )


def _kept(record: Record, limits: Constraints) -> Iterator[str]:
    drop = record.confirm_drop
    if drop is not None:
        lost, allowed = beside_limit.drop(drop, limits.max_drop)
        samples = fmt.count(drop.n, "held-out sample")
        yield f"It {lost} on {samples}; {allowed} are allowed."


def _faster_but(record: Record, records: Sequence[Record], limits: Constraints) -> Iterator[str]:
    """What is faster and does not keep the limits."""
    faster = [one for one in records if _faster(one, record)]
    if not faster:
        yield "Nothing that was timed is faster."
        return
    lossy = [one for one in faster if _loses_too_much(one, limits)]
    told = [one for one in lossy if _faster(one, record) == "told"]
    noun = ("faster candidate", "faster candidates") if told else _MAYBE
    if found := told or lossy:
        settled = [one for one in found if all(drop.resolved for drop in _broken(one, limits))]
        lost = "lost too much" if settled else f"lost more than is allowed, {_UNSETTLED}"
        best = (settled or found)[0]
        n = fmt.count(len(settled or found), *noun)
        yield f"{n} {lost}: {best.title} {_loses_too_much(best, limits)}."


def _broken(record: Record, limits: Constraints) -> list[Drop]:
    """The drops that are more than is allowed."""
    drops = (record.drop, record.confirm_drop)
    return [drop for drop in drops if drop is not None and not drop.judged <= limits.max_drop]


def _faster(one: Record, record: Record) -> Literal["", "by its median", "told"]:
    """Whether one is faster: by times of one schedule, else by their ratios to the baseline."""
    theirs, own = one.measured, record.measured
    if theirs is None or own is None:
        return ""
    if theirs.stage == own.stage:
        median, told = theirs.p50 < own.p50, theirs.p50_high < own.p50_low
    else:
        a, b = one.versus_baseline, record.versus_baseline
        if a is None:
            return ""
        median = a.ratio > (b.ratio if b else 1.0)
        told = a.low is not None and a.low > ((b.high or math.inf) if b else 1.0)
    return "told" if median and told else "by its median" if median else ""


def _smaller(run: Run, record: Record) -> Iterator[str]:
    before, after = run.source.size_bytes, record.size_bytes
    if after and before > 1.1 * after:
        yield f"It is {fmt.factor(before / after)} times smaller than the source."
