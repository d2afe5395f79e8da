"""Figures before and after that are told where a run aims at them, or limits them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from edgeopt.domain.aim import Aim
from edgeopt.domain.record import Record
from edgeopt.domain.run import Run
from edgeopt.report import aim_words
from edgeopt.report import format as fmt


@dataclass(frozen=True)
class Change:
    """One figure before and after.

    Attributes:
        before: "" where there is none to compare with.
        told: the change in words. detail: the interval and what it rests on. limit: what was
            allowed, "" where nothing was asked.
    """

    label: str
    before: str
    after: str
    told: str = ""
    detail: str = ""
    limit: str = ""


_LABELS: dict[Aim, str] = {"p90": "Slow runs, p90", "memory": "Memory"}
_ABOUT: dict[Aim, str] = {
    "p90": "nine of ten inferences take no longer",
    "memory": "what the model adds to its process",
}


def figure_changes(run: Run, record: Record, baseline: Record | None) -> Iterator[Change]:
    """The p90 and the memory, where they are asked for. None of them has a verdict."""
    limits, aim = run.request.constraints, run.request.aim
    asked: tuple[tuple[Aim, str], ...] = (
        ("p90", "" if limits.max_p90_ms is None else fmt.ms(limits.max_p90_ms)),
        ("memory", "" if limits.max_memory_bytes is None else fmt.size(limits.max_memory_bytes)),
    )
    for one, limit in asked:
        if one != aim and not limit:
            continue
        found = aim_words.figure(record, one)
        own = baseline is None or baseline.recipe_id == record.recipe_id
        yield Change(
            _LABELS[one],
            "" if own or baseline is None else _before(record, baseline, one),
            "not measured" if found == fmt.UNKNOWN else found,
            detail=_ABOUT[one],
            limit=f"allowed: {limit}" if limit else "",
        )


def _before(record: Record, baseline: Record, aim: Aim) -> str:
    """The baseline's figure, of the same schedule only; "" where it has none there."""
    stages = {one.latency_ms.stage for one in (record, baseline) if one.latency_ms}
    found = aim_words.figure(baseline, aim)
    return found if len(stages) == 1 and found != fmt.UNKNOWN else ""
