"""The two forms of one recipe that differ in what the tail is computed in: pure functions."""

from __future__ import annotations

import math
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
    def matters(self) -> bool:
        """Whether samples tell that `whole` loses more, or it was refused for its answers."""
        if self.whole.drop is None or self.split.drop is None:
            return self.whole.drop is None
        return self.whole.drop.bounds[0] > self.split.drop.bounds[1]

    @property
    def times_as_long(self) -> float | None:
        """The latency of `split` over that of `whole`, by their ratios to one baseline."""
        over, other = self.split.versus_baseline, self.whole.versus_baseline
        if over is None or other is None or over.over != other.over:
            return None
        if not over.ratio or not other.ratio or _stage(self.split) != _stage(self.whole):
            return None
        return other.ratio / over.ratio


def pairs(records: Sequence[Record]) -> list[TailPair]:
    """Of each runtime and each form of the model the fastest with its tail in float, and its like.

    Args:
        records: of one target.
    """
    by_id = {record.recipe_id: record for record in records}
    split = [record for record in records if splits_tail(record) and record.status == "ok"]
    both = [TailPair(by_id[whole], one) for one in split if (whole := _whole_id(one)) in by_id]
    places = dict.fromkeys(_place(pair.split) for pair in both)
    return [
        min((pair for pair in both if _place(pair.split) == place), key=_time) for place in places
    ]


def splits_tail(record: Record) -> bool:
    """Whether its tail is in float."""
    how = record.recipe.quantization if record.recipe else None
    return how is not None and how.tail == "float"


def _time(pair: TailPair) -> float:
    """Of the split one; those without a latency come last."""
    return pair.split.latency_ms.p50 if pair.split.latency_ms else math.inf


def _stage(record: Record) -> str:
    return record.latency_ms.stage if record.latency_ms else ""


def _place(record: Record) -> tuple[object, ...]:
    assert record.recipe is not None
    return record.runtime, record.recipe.compression


def _whole_id(record: Record) -> str:
    recipe = record.recipe
    assert recipe is not None
    assert recipe.quantization is not None
    whole = msgspec.structs.replace(recipe.quantization, tail="integer")
    return msgspec.structs.replace(recipe, quantization=whole).id
