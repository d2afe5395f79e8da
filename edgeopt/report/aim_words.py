"""What a run aims at, in words: the figure of a candidate, and what the chosen one is first in."""

from __future__ import annotations

from collections.abc import Iterator

from edgeopt.domain.aim import Aim
from edgeopt.domain.record import Record
from edgeopt.domain.run import Constraints
from edgeopt.report import format as fmt
from edgeopt.search.aims import OF_TIME, cost

#: What the choice is, of all that keep the limits.
FIRST: dict[Aim, str] = {
    "latency": "the fastest",
    "p90": "the one with the lowest p90",
    "size": "the smallest",
    "energy": "the one with the least energy",
    "memory": "the one with the least memory",
    "throughput": "the one with the highest throughput",
}
#: The same of a candidate for which nothing was timed; "" where a measurement would have to say.
UNTIMED: dict[Aim, str] = {"size": "the smallest"}
#: Of the column of the figure; "" where a table has it in any case.
HEADS: dict[Aim, str] = {"p90": "p90", "energy": "energy", "memory": "memory", "throughput": "rate"}

#: The same of a table that has the p90 anyway.
OWN_COLUMN: dict[Aim, str] = {aim: head for aim, head in HEADS.items() if aim != "p90"}


def figure(record: Record, aim: Aim) -> fmt.Amount:
    """The figure itself: "5.31 ms", "1.20 MB", "2.1 mJ"; a dash where there is none."""
    if aim == "p90" and (record.latency_ms is None or record.latency_ms.p90 is None):
        return fmt.UNKNOWN
    value = cost(record, aim)
    if value is None:
        return fmt.UNKNOWN
    if aim == "throughput":
        return fmt.per_second(1000 / value)
    if aim in OF_TIME:
        return fmt.ms(value)
    return fmt.millijoules(value) if aim == "energy" else fmt.size(round(value))


def named(record: Record, aim: Aim) -> str:
    """The figure with its name: "p90 5.31 ms"; "" of a latency, which is told anyway, and of

    what is not known.
    """
    found = figure(record, aim)
    return "" if aim == "latency" or found == fmt.UNKNOWN else f"{aim} {found}"


def first(record: Record, aim: Aim) -> str:
    """What the choice is; where it has no figure of the aim it went by its time."""
    return FIRST[aim if aim == "latency" or named(record, aim) else "latency"]


def unknown(record: Record, aim: Aim) -> str:
    """That the figure is not known, as a part of a sentence; "" where it is."""
    return "" if aim == "latency" or named(record, aim) else f"its {aim} is not known"


def beside(record: Record, over: Record, aim: Aim) -> str:
    """The figure beside another's, as a part of a sentence; no verdict is made of it, or "".

    What was measured is told of one schedule only.
    """
    ours, theirs = cost(record, aim), cost(over, aim)
    if aim in ("latency", "throughput") or not ours or not theirs:
        return ""
    if aim == "size":
        return f"{_times(ours, theirs)} {over.title}"
    stages = {r.latency_ms.stage for r in (record, over) if r.latency_ms}
    if len(stages) != 1:
        return ""
    return f"{over.title} has {figure(over, aim)} in the same schedule"


def _times(ours: float, theirs: float) -> str:
    if ours == theirs:
        return "as large as"
    if ours < theirs:
        return f"{fmt.factor(theirs / ours)} times smaller than"
    return f"{fmt.factor(ours / theirs)} times as large as"


def ahead(aim: Aim, times: float) -> str:
    """By how much one is better: "is 1.32 times as fast", "is 1.32 times smaller"."""
    told = fmt.factor(times)
    return {
        "latency": f"is {told} times as fast",
        "p90": f"has a p90 that is {told} times as short",
        "size": f"is {told} times smaller",
        "energy": f"takes {told} times less energy",
        "memory": f"takes {told} times less memory",
        "throughput": f"makes {told} times as many inferences",
    }[aim]


def unfollowed(aim: Aim) -> tuple[str, ...]:
    """A sentence where the aim had no say, since nothing was timed."""
    if aim in ("latency", *UNTIMED):
        return ()
    return (f"The aim ({aim}) had no say: nothing was measured for this target.",)


def p50(record: Record) -> str:
    """The median of a run, and of how many samples where they are several; "" where not timed."""
    if record.latency_ms is None:
        return ""
    several = record.recipe is not None and record.recipe.batch > 1
    of = f" for {record.recipe.batch} samples" if several and record.recipe else ""
    return f"{fmt.ms(record.latency_ms.p50)}{of}"


def unchecked(record: Record, limits: Constraints) -> Iterator[str]:
    """A sentence for each limit on a figure that the candidate does not have."""
    latency, executed, energy = record.latency_ms, record.executed, record.energy
    p50 = latency.p50 if latency else None
    p90 = latency.p90 if latency else None
    memory = executed.memory_bytes if executed else None
    drawn = energy.gross_mj if energy else None
    known = (
        (limits.max_latency_ms, p50, "time", fmt.ms),
        (limits.max_p90_ms, p90, "p90", fmt.ms),
        (limits.max_memory_bytes, memory, "memory", lambda limit: fmt.size(round(limit))),
        (limits.max_energy_mj, drawn, "energy", fmt.millijoules),
    )
    for limit, value, what, words in known:
        if limit is not None and value is None:
            yield (
                f"Whether its {what} keeps the limit of {words(limit)} is not known: "
                "it was not measured."
            )
