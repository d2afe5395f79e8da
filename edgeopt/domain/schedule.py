"""What one interleaved schedule was asked for, so that it need not be measured twice."""

from __future__ import annotations

from typing import Any

from edgeopt.domain.model import Value


class Asked(Value, kw_only=True, frozen=True):
    """One schedule of one target, as `measurements/asked/NAME.json` keeps it.

    Attributes:
        device: as records keep it.
        budget: name of the schedule. seed: of its order.
        baseline: the recipe that was measured twice; null: none was.
        contested: recipes whose verdicts told when to stop.
        subjects: recipe id -> sha256 of its artifact.
        machine: what tells the machine and how it was set; {} where it told nothing.
        tools: package -> version; of this machine's where it was measured here.
        whole_blocks: nothing may leave or have shorter blocks for being slow, where the budget has
            that: each has enough runs for a p90.
    """

    target: str
    device: str
    budget: str
    seed: int
    baseline: str | None
    contested: tuple[str, ...]
    subjects: dict[str, str]
    machine: dict[str, Any]
    tools: dict[str, str]
    whole_blocks: bool = False

    def answers(self, other: Asked) -> bool:
        """Whether this schedule tells all that the other would.

        It may have more in it: whatever is compared has run side by side all the same. It may
        have waited for more verdicts, too, but not for less; and have run more of what is slow.
        """
        shared = ("target", "device", "budget", "seed", "baseline", "machine", "tools")
        return (
            bool(self.machine)
            and all(getattr(self, name) == getattr(other, name) for name in shared)
            and set(other.contested) <= set(self.contested)
            and other.subjects.items() <= self.subjects.items()
            and (self.whole_blocks or not other.whole_blocks)
        )
