"""What is said of other samples: that they lose no more than allowed, or that it is not told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from edgeopt.domain.record import Record
from edgeopt.domain.run import Constraints
from edgeopt.domain.score import Drop
from edgeopt.report import format as fmt

Held = Literal["held", "not told"]


@dataclass(frozen=True)
class Promise:
    """What the samples tell of a chosen candidate.

    Attributes:
        held: see `Choice`. likely: whether other samples are likely to lose no more than allowed.
        needed: see `Choice`.
        constraints: what was allowed.
        tied: a faster candidate that counts as equally fast, or None.
    """

    held: Held
    likely: bool
    needed: int | None
    constraints: Constraints
    tied: Record | None = None


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


def tie(promise: Promise, record: Record) -> str:
    """Why it goes before a candidate that is a little faster, as a part of a sentence; or ""."""
    other = promise.tied
    if other is None or other.recipe is None or record.recipe is None:
        return ""
    fewer = record.recipe.threads < other.recipe.threads
    why = "with fewer threads" if fewer else "and loses less"
    return f"as fast as {other.title} within 2 %, {why}"


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
    return words


def allowed_drop(constraints: Constraints, drop: Drop) -> str:
    """ "1.0 points", or "1.0 %" of an error."""
    return fmt.allowance(constraints.max_drop, relative=drop.relative is not None)
