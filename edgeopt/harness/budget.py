"""How much is measured: launches, rounds, blocks. The two budgets of an optimization."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

SETTLING = 2  # first runs of a block: recorded, left out of the steady state


@dataclass(frozen=True)
class Budget:
    """A schedule.

    Attributes:
        launches: fresh processes for each artifact.
        rounds: blocks of each artifact in each launch, in random order within a round.
        warmup_runs, warmup_s: both are reached before anything counts.
        block_runs, block_s: a block has the larger of so many runs and so many seconds
            worth of runs, besides the settling ones.
        block_most_s: but not more than this, for what is very slow.
    """

    stage: Literal["screen", "final"]
    launches: int
    rounds: int
    warmup_runs: int
    warmup_s: float
    block_runs: int
    block_s: float
    block_most_s: float

    def block_size(self, typical_ns: float) -> int:
        """Runs in a block of something that takes `typical_ns`."""
        wanted = max(self.block_runs, round(self.block_s * 1e9 / typical_ns))
        return SETTLING + max(1, min(wanted, int(self.block_most_s * 1e9 / typical_ns)))


#: Enough to rank a long list: one launch, 11 pairs (these have an interval after correction
#: for up to 51 candidates), 66 runs (the least that has a p90 is 64).
SCREEN = Budget(
    "screen", 1, 11, warmup_runs=5, warmup_s=0.2, block_runs=6, block_s=0.02, block_most_s=0.2
)

#: Enough to choose: fresh launches, so that luck with memory layout shows.
FINAL = Budget(
    "final", 3, 10, warmup_runs=10, warmup_s=1.0, block_runs=10, block_s=0.05, block_most_s=5.0
)
