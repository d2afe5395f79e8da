"""Raw times, every nanosecond of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from edgeopt.harness.budget import SETTLING, Budget


@dataclass(frozen=True)
class Block:
    """One block: `round` says which blocks of other artifacts ran beside it in time."""

    round: int
    position: int
    t_ns: list[int]
    start_ns: int
    before: dict[str, Any]
    after: dict[str, Any]

    @property
    def steady_ns(self) -> list[int]:
        return self.t_ns[SETTLING:]


@dataclass
class Launch:
    """One process of one artifact.

    Attributes:
        opened: what the runner said of the session: version, load_ns, compile_ns, memory.
        energy: what its meters read while it ran alone, after the last round; None: not asked.
    """

    opened: dict[str, Any]
    first_ns: int
    warmup_ns: list[int]
    peak_rss_bytes: int | None
    energy: dict[str, Any] | None = None
    blocks: list[Block] = field(default_factory=list)


@dataclass
class Timed:
    """All launches of one artifact in one schedule.

    Attributes:
        failed: why it was taken out, "" if it went through; its blocks so far are kept.
    """

    key: str
    title: str
    launches: list[Launch] = field(default_factory=list)
    failed: str = ""
    timed_out: bool = False

    @property
    def steady_ns(self) -> list[int]:
        return [t for launch in self.launches for block in launch.blocks for t in block.steady_ns]


@dataclass
class Session:
    """One interleaved schedule over several artifacts.

    Attributes:
        baseline: key of the artifact that the others are compared with.
        twin: key under which the baseline was measured a second time, as if it were another
            artifact; None: it was not.
        looks: how often the figures were looked at.
        canary: a fixed piece of work around every round, {arithmetic_ns, copy_ns}.
        machine: the runner's `hello`.
        health: the runner's `health` before the first launch and after the last.
    """

    budget: Budget
    seed: int
    timed: dict[str, Timed]
    baseline: str
    twin: str | None
    looks: int = 0
    canary: list[dict[str, int]] = field(default_factory=list)
    machine: dict[str, Any] = field(default_factory=dict)
    health: list[dict[str, Any]] = field(default_factory=list)

    def raw(self) -> dict[str, Any]:
        """Everything, for the file beside the results."""
        return {"v": 2, **asdict(self)}
