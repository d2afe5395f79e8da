"""How much is measured: launches, rounds, blocks, and when it may stop."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
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
        leave_at: where launches are repeated, the first has `rounds_alone` rounds, and what is
            clearly more than so many times as slow as the fastest of those that set the pace is
            in no later launch (`harness/racing.py`); 0: all stay.
        behind_runs: in place of `block_runs` for what is so far behind, after two rounds: it keeps
            its pairs, and with them its interval; 0: as for all.
        warmup_runs, warmup_s: both are reached before anything counts. They are for what a session
            does once; a processor's clock and heat are the same for all that is interleaved.
        block_runs, block_s: a block has the larger of so many runs and so many seconds
            worth of runs, besides the settling ones.
        block_most_s: but not more than this, for what is very slow.
        most_runs: of a block, and of a warm-up in time, for what is very fast. A block gives its
            median; beyond this what rounds and launches differ by is much more than its error.
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
    most_runs: int = 1000
    least_runs: int = 0
    least_s: float = 0.0
    energy_s: float = 0.0
    rounds_alone: int = 0
    leave_at: float = 0.0
    behind_runs: int = 0

    def repeats(self, typical_ns: Iterable[float]) -> bool:
        """Whether launches of things that take so long are repeated."""
        return not self.rounds_alone or any(launch_sd(ns) > MARGIN for ns in typical_ns)

    def block_size(self, mean_ns: float, behind: bool = False) -> int:
        """Runs in a block of something that takes `mean_ns` on average."""
        least = self.behind_runs if behind and self.behind_runs else self.block_runs
        runs = max(least, min(self.most_runs, round(self.block_s * 1e9 / mean_ns)))
        return SETTLING + max(1, min(runs, int(self.block_most_s * 1e9 / mean_ns)))

    def rounds_for(
        self,
        typical_ns: Iterable[float],
        launch: int = 0,
        mean_ns: Iterable[float] | None = None,
    ) -> int:
        """Rounds of a launch, the first is 0, when these artifacts are measured together.

        Args:
            typical_ns: medians. mean_ns: what blocks are sized by; None: the medians.
        """
        times = list(typical_ns)
        means = times if mean_ns is None else list(mean_ns)
        first = bool(self.rounds_alone and self.leave_at) and launch == 0
        alone = first or not self.repeats(times)
        needed = [self.rounds_alone if alone else self.rounds]
        for mean in means:
            counted = (self.block_size(mean) - SETTLING) * self.looks[0]
            runs = max(self.least_runs, math.ceil(self.least_s * 1e9 / mean))
            needed.append(math.ceil(runs / counted))
        return max(needed)


#: Enough to rank a long list: 11 pairs (they have an interval after correction for up to 51
#: candidates), 66 runs (64 have a p90). What is clearly slower than what is there already has as
#: many pairs and fewer runs, and where launches differ it is in none of the two that follow.
SCREEN = Budget(
    "screen", "screen", (3,), 4,
    warmup_runs=5, warmup_s=0.05, block_runs=6, block_s=0.01, block_most_s=0.2, rounds_alone=11,
    leave_at=1.25, behind_runs=2,
)  # fmt: skip

#: A first look (`edgeopt try`): everything starts once. What launches differ by is then known
#: beforehand alone (`stats/launches.py`), so that intervals are wide.
GLANCE = Budget(
    "glance", "screen", (1,), 6,
    warmup_runs=5, warmup_s=0.05, block_runs=4, block_s=0.01, block_most_s=0.2,
)  # fmt: skip


#: Shares of one form's time, for a target that is not here: as short as tells a tenth.
HERE = Budget(
    "here", "screen", (1,), 9,
    warmup_runs=5, warmup_s=0.05, block_runs=4, block_s=0.01, block_most_s=0.2,
)  # fmt: skip

#: One trial of a search beside the fixed reference, in one launch: see docs/tuning.md.
TRIAL = Budget(
    "trial", "screen", (1,), 12,
    warmup_runs=5, warmup_s=0.05, block_runs=6, block_s=0.02, block_most_s=0.2, energy_s=0.3,
)  # fmt: skip

#: A closer look at a few: other settings of a session, a form that was refined.
CLOSER = Budget(
    "closer", "screen", (3, 6), 4,
    warmup_runs=5, warmup_s=0.1, block_runs=6, block_s=0.02, block_most_s=0.2,
)  # fmt: skip

#: Both where energy decides: at rest and at work, in each launch.
SCREEN_METERED = replace(SCREEN, name="screen-metered", energy_s=1.0)
CLOSER_METERED = replace(CLOSER, name="closer-metered", energy_s=1.0)

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
    warmup_runs=10, warmup_s=0.2, block_runs=10, block_s=0.05, block_most_s=5.0, energy_s=1.0,
)  # fmt: skip

#: benchmarks/harness/aa_trace.py shows what it finds and how often it errs.
STANDARD = Budget(
    "standard", "final", (3, 5, 8), 20,
    warmup_runs=10, warmup_s=0.2, block_runs=10, block_s=0.05, block_most_s=5.0, energy_s=2.0,
)  # fmt: skip

#: What MLPerf Mobile asks of a single stream: 1,024 samples and 60 s at least.
SUBMISSION = Budget(
    "submission", "final", (5,), 20,
    warmup_runs=10, warmup_s=1.0, block_runs=10, block_s=0.25, block_most_s=5.0,
    most_runs=1_000_000,
    least_runs=1024, least_s=60.0, energy_s=5.0,
)  # fmt: skip

BUDGETS = {
    budget.name: budget
    for budget in (
        SCREEN,
        SCREEN_METERED,
        CLOSER_METERED,
        GLANCE,
        HERE,
        TRIAL,
        CLOSER,
        STEP,
        STEPS,
        QUICK,
        STANDARD,
        SUBMISSION,
    )
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
