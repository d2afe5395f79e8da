"""The two forms of one recipe that differ in what the tail is computed in: pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from edgeopt.domain.record import Record


@dataclass(frozen=True)
class TailPair:
    """One runtime's static int8.

    Attributes:
        whole: with all in integers. split: with the tail in float, all else equal.
    """

    whole: Record
    split: Record

    @property
    def times_as_long(self) -> float | None:
        """The latency of `split` over that of `whole`, by their ratios to one baseline."""
        over, other = self.split.versus_baseline, self.whole.versus_baseline
        if over is None or other is None or over.over != other.over:
            return None
        if not over.ratio or not other.ratio:
            return None
        return other.ratio / over.ratio


def pairs(records: Sequence[Record]) -> list[TailPair]:
    """Of each runtime and each form of the model the fastest with its tail in float, and its like.

    Args:
        records: of one target.
    """
    by_id = {record.recipe_id: record for record in records}
    split = [record for record in records if splits_tail(record) and record.status == "ok"]
    found = []
    for place in dict.fromkeys(map(_place, split)):
        mine = [record for record in split if _place(record) == place]
        best = min(mine, key=lambda record: record.latency_ms.p50 if record.latency_ms else 0.0)
        whole = by_id.get(_whole_id(best))
        if whole is not None:
            found.append(TailPair(whole, best))
    return found


def splits_tail(record: Record) -> bool:
    """Whether its tail is in float."""
    how = record.recipe.quantization if record.recipe else None
    return how is not None and how.tail == "float"


def _place(record: Record) -> tuple[object, ...]:
    assert record.recipe is not None
    return record.runtime, record.recipe.compression


def _whole_id(record: Record) -> str:
    recipe = record.recipe
    assert recipe is not None
    assert recipe.quantization is not None
    whole = msgspec.structs.replace(recipe.quantization, tail="integer")
    return msgspec.structs.replace(recipe, quantization=whole).id
