"""How much is measured: launches, rounds, blocks, and when it may stop."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from edgeopt.domain.errors import BadInput
from edgeopt.stats.launches import launch_sd
from edgeopt.stats.verdict import MARGIN

#: First inferences of a block: recorded, not counted; they pay for the switch.
SETTLING = 2

Stage = Literal["screen", "final"]


@dataclass(frozen=True)
class Budget:
    """A schedule.

    Attributes:
        name: as `budget=` takes it.
        stage: what its figures are good for: "screen" to rank, "final" to choose.
        looks: numbers of launches after which the figures are looked at (3 looks at most);
            where the verdicts are clear it ends there. The last is the limit.
        rounds: blocks of each artifact in each launch, in random order within a round.
        rounds_alone: where launches differ by less than the margin, one launch has so many
            rounds, and no other follows; 0: launches are repeated in any case.
        warmup_runs, warmup_s: both are reached before anything counts.
        block_runs, block_s: a block has the larger of so many runs and so many seconds
            worth of runs, besides the settling ones.
        block_most_s: but not more than this, for what is very slow.
        least_runs, least_s: counted runs, and seconds of them, that each artifact has after
            the first look's launches; rounds are added until it has.
        energy_s: in each launch each artifact is metered for so long at rest and again at work,
            where the device has a meter.
    """

    name: str
    stage: Stage
    looks: tuple[int, ...]
    rounds: int
    warmup_runs: int
    warmup_s: float
    block_runs: int
    block_s: float
    block_most_s: float
    least_runs: int = 0
    least_s: float = 0.0
    energy_s: float = 0.0
    rounds_alone: int = 0

    def repeats(self, typical_ns: Iterable[float]) -> bool:
        """Whether launches of things that take so long are repeated."""
        return not self.rounds_alone or any(launch_sd(ns) > MARGIN for ns in typical_ns)

    def block_size(self, typical_ns: float) -> int:
        """Runs in a block of something that takes `typical_ns`."""
        runs = max(self.block_runs, round(self.block_s * 1e9 / typical_ns))
        return SETTLING + max(1, min(runs, int(self.block_most_s * 1e9 / typical_ns)))

    def rounds_for(self, typical_ns: Iterable[float]) -> int:
        """Rounds of each launch when these artifacts are measured together."""
        times = list(typical_ns)
        needed = [self.rounds if self.repeats(times) else self.rounds_alone]
        for typical in times:
            counted = (self.block_size(typical) - SETTLING) * self.looks[0]
            runs = max(self.least_runs, math.ceil(self.least_s * 1e9 / typical))
            needed.append(math.ceil(runs / counted))
        return max(needed)


#: Enough to rank a long list: 12 pairs (11 have an interval after correction for up to 51
#: candidates), 66 runs at least (64 have a p90). Where launches differ they come from three.
SCREEN = Budget(
    "screen", "screen", (3,), 4,
    warmup_runs=5, warmup_s=0.1, block_runs=6, block_s=0.02, block_most_s=0.2, rounds_alone=11,
)  # fmt: skip

#: A closer look at a few: other settings of a session, a form that was refined.
CLOSER = Budget(
    "closer", "screen", (3, 6), 4,
    warmup_runs=5, warmup_s=0.1, block_runs=6, block_s=0.02, block_most_s=0.2,
)  # fmt: skip

#: One step of a compression: what is kept is what all other steps start from.
STEP = Budget(
    "step", "screen", (4, 8, 16), 4,
    warmup_runs=5, warmup_s=0.1, block_runs=6, block_s=0.02, block_most_s=0.2,
)  # fmt: skip

#: All steps that were kept, once more: longer than what kept them.
STEPS = Budget(
    "steps", "screen", (8, 16), 5,
    warmup_runs=5, warmup_s=0.1, block_runs=6, block_s=0.02, block_most_s=0.2,
)  # fmt: skip

#: Fresh launches, so that luck with memory layout shows; two more where that settled nothing.
QUICK = Budget(
    "quick", "final", (3, 5), 10,
    warmup_runs=10, warmup_s=1.0, block_runs=10, block_s=0.05, block_most_s=5.0, energy_s=1.0,
)  # fmt: skip

#: benchmarks/harness/aa_trace.py shows what it finds and how often it errs.
STANDARD = Budget(
    "standard", "final", (3, 5, 8), 20,
    warmup_runs=10, warmup_s=1.0, block_runs=10, block_s=0.05, block_most_s=5.0, energy_s=2.0,
)  # fmt: skip

#: What MLPerf Mobile asks of a single stream: 1,024 samples and 60 s at least.
SUBMISSION = Budget(
    "submission", "final", (5,), 20,
    warmup_runs=10, warmup_s=1.0, block_runs=10, block_s=0.25, block_most_s=5.0,
    least_runs=1024, least_s=60.0, energy_s=5.0,
)  # fmt: skip

BUDGETS = {
    budget.name: budget for budget in (SCREEN, CLOSER, STEP, STEPS, QUICK, STANDARD, SUBMISSION)
}


def final(name: str) -> Budget:
    """The schedule of a name, of those whose figures are good enough to choose by.

    Raises:
        BadInput: there is none of that name.
    """
    finals = {key: budget for key, budget in BUDGETS.items() if budget.stage == "final"}
    if name not in finals:
        raise BadInput(f"there is no budget {name!r}.", f"Known: {', '.join(finals)}.")
    return finals[name]
