"""What is said of other samples: that they lose no more than allowed, or that it is not told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from edgeopt.domain.aim import Aim
from edgeopt.domain.record import Record
from edgeopt.domain.run import Constraints
from edgeopt.domain.score import Drop
from edgeopt.report import format as fmt
from edgeopt.search.aims import OF_TIME

#: How one stands that costs the same.
_AS_GOOD: dict[Aim, str] = {
    "latency": "as fast",
    "p90": "as short a p90",
    "size": "as small",
    "energy": "as little energy",
    "memory": "as little memory",
    "throughput": "as high a throughput",
}

Held = Literal["held", "not told"]


@dataclass(frozen=True)
class Promise:
    """What the samples tell of a chosen candidate.

    Attributes:
        held: see `Choice`. likely: whether other samples are likely to lose no more than allowed.
        needed, more: see `Choice`.
        constraints: what was allowed.
        tied: a faster candidate that counts as equally fast, or None.
    """

    held: Held
    likely: bool
    needed: int | None
    constraints: Constraints
    tied: Record | None = None
    more: int | None = None


def lead(promise: Promise, drop: Drop, first: str = "the fastest") -> str:
    """What a choice is the first of; nothing is called kept that is not told.

    Args:
        first: by what the candidates were in order.
    """
    allowed = allowed_drop(promise.constraints, drop)
    if promise.held == "held":
        return f"{first} that keeps the allowed drop of {allowed}"
    if drop.bound is None:
        return f"{first} whose loss on held-out samples is not above the allowed {allowed}"
    if promise.likely:
        return f"{first} that is likely to lose no more than the allowed {allowed}"
    return (
        f"every candidate may lose more than the allowed {allowed} on other samples, and this one "
        "probably loses least"
    )


def tie(promise: Promise, record: Record, aim: Aim = "latency") -> str:
    """Why it goes before a candidate that is a little faster, as a part of a sentence; or ""."""
    return tied_words(promise.tied, record, aim)


def tied_words(other: Record | None, record: Record, aim: Aim = "latency") -> str:
    """The same of the faster candidate alone."""
    if other is None or other.recipe is None or record.recipe is None:
        return ""
    if record.recipe.threads < other.recipe.threads and aim in OF_TIME:
        why = ", and it takes fewer threads"
    elif record.drop and other.drop and record.drop.judged < other.drop.judged:
        why = ", and it loses less"
    elif (record.size_bytes or 0) < (other.size_bytes or 0):
        why = ", and it is smaller"
    else:
        why = ""
    if other.recipe_id in record.alike and aim in OF_TIME:
        return f"its times are not told apart from those of {other.title}{why}"
    return f"{_AS_GOOD[aim]} as {other.title} within 2 %{why}"


def told(promise: Promise, record: Record) -> str:
    """The loss on the held-out samples, and what they do not tell, as a part of a sentence."""
    drop = record.confirm_drop
    assert drop is not None
    words = f"it {fmt.lost(drop)} on {drop.n} held-out samples"
    if promise.held == "held":
        return words
    allowed = allowed_drop(promise.constraints, drop)
    return f"{words}; whether other samples lose more than {allowed} is {untold(promise, record)}"


def untold(promise: Promise, record: Record) -> str:
    """ "not told by 120 samples (2 groups); it takes at least 276 groups"."""
    drop, score = record.confirm_drop, record.confirm_score
    assert drop is not None
    groups = score.groups if score else None
    alike = score.alike if score else None
    seen = f"{drop.n} samples"
    if groups is not None:
        seen += f" ({fmt.count(groups, 'group')})"
    elif alike is not None:
        seen += f" that look like {fmt.count(alike, 'group')}"
    words = f"not told by {seen}"
    needed = promise.needed
    if needed is not None and needed > (groups or alike or drop.n):
        if groups is None and alike is not None:  # a guess: samples are what can be asked for
            return f"{words}; it takes at least {needed} samples that do not look alike"
        return f"{words}; it takes at least {needed} {'samples' if groups is None else 'groups'}"
    if promise.more is not None:
        others = "" if groups is None else ", of other groups,"
        return (
            f"{words}; about {fmt.whole(promise.more)} more{others} would, if they are like these"
        )
    return words


def allowed_drop(constraints: Constraints, drop: Drop) -> str:
    """ "1.0 points", or "1.0 %" of an error."""
    return fmt.allowance(constraints.max_drop, relative=drop.relative is not None)
