"""What earlier runs on a kind of target showed, as costs for an order; and what this one adds."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from edgeopt.domain.record import Record
from edgeopt.domain.run import Constraints
from edgeopt.search import choose
from edgeopt.search.expected import Costs
from edgeopt.search.usual import Family, Pair
from edgeopt.search.within import SCORE_S
from edgeopt.sources.source import Source
from edgeopt.store.experience import Experience, Line
from edgeopt.store.run_folder import RunFolder


@dataclass(frozen=True)
class SeenBefore:
    """Of models of one family."""

    experience: Experience
    family: Family

    def costs(self, target: str) -> Costs:
        """The medians of what was seen on a target."""
        by_pair: dict[Pair, list[Line]] = {}
        for line in self.experience.lines(target):
            if line.family == self.family:
                by_pair.setdefault((line.runtime, line.precision), []).append(line)
        shares = {
            pair: [line.share for line in lines if line.share is not None]
            for pair, lines in by_pair.items()
        }
        return Costs(
            family=self.family,
            make_s={
                pair: SCORE_S + statistics.median(line.convert_s for line in lines)
                for pair, lines in by_pair.items()
            },
            share={pair: statistics.median(some) for pair, some in shares.items() if some},
            allowed={
                pair: statistics.mean(line.allowed for line in lines)
                for pair, lines in by_pair.items()
            },
        )

    def keep(
        self, target: str, records: Sequence[Record], limits: Constraints, folder: RunFolder
    ) -> None:
        """Add what a run found on a target, where it was timed."""
        lines = []
        for record in records:
            recipe = record.recipe
            usual = recipe is not None and not recipe.compression and recipe.batch == 1
            if record.target != target or record.kind != "measured" or not usual:
                continue
            assert recipe is not None
            artifact = folder.artifact(recipe.conversion_id)
            if artifact is None:
                continue
            lines.append(
                Line(
                    runtime=record.runtime,
                    precision=record.precision,
                    family=self.family,
                    convert_s=artifact.convert_s,
                    share=1 / record.speedup.ratio if record.speedup else None,
                    allowed=choose.qualifies(record, limits),
                )
            )
        self.experience.keep(target, lines)


def family_of(source: Source) -> Family:
    """ "convolutions" or "other": which numbers pay differs between these above all."""
    return "convolutions" if any("conv" in name.lower() for name in source.operators) else "other"
