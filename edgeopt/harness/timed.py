"""Raw times, every nanosecond of them."""

from __future__ import annotations

import functools
import statistics
from dataclasses import dataclass, field
from typing import Any

import msgspec

from edgeopt.devices.account import Health, Machine
from edgeopt.harness.budget import SETTLING, Budget
from edgeopt.harness.replies import Canary, Energy, Loaded, Readings


@dataclass(frozen=True)
class Block:
    """One block: `round` says which blocks of other artifacts ran beside it in time.

    Attributes:
        parts_ns: of runs from a photo to an answer: preparing, inferring, decoding, and suppression
            within that, added up over the block.
    """

    round: int
    position: int
    t_ns: list[int]
    start_ns: int
    before: Readings
    after: Readings
    parts_ns: list[int] | None = None

    @property
    def steady_ns(self) -> list[int]:
        return self.t_ns[SETTLING:]

    @functools.cached_property
    def median_ns(self) -> float:
        """The median of the counted runs."""
        return float(statistics.median(self.steady_ns))


@dataclass
class Launch:
    """One process of one artifact.

    Attributes:
        opened: what the runner said of the session.
        energy: what its meters read while it ran alone, after the last round; None: not asked.
    """

    opened: Loaded
    first_ns: int
    warmup_ns: list[int]
    peak_rss_bytes: int | None
    energy: Energy | None = None
    blocks: list[Block] = field(default_factory=list)


@dataclass
class Timed:
    """All launches of one artifact in one schedule.

    Attributes:
        failed: why it was taken out, "" if it went through; its blocks so far are kept.
        items: samples that one run takes at once.
    """

    key: str
    title: str
    launches: list[Launch] = field(default_factory=list)
    failed: str = ""
    timed_out: bool = False
    items: int = 1

    @property
    def steady_ns(self) -> list[int]:
        return [t for launch in self.launches for block in launch.blocks for t in block.steady_ns]


@dataclass
class Measurement:
    """One interleaved schedule over several artifacts.

    Attributes:
        baseline: key of the artifact that the others are compared with.
        twin: key under which the baseline was measured a second time, as if it were another
            artifact; None: it was not.
        looks: how often the figures were looked at.
        canary: a fixed piece of work around every round.
        machine: what the device says of itself; None: it was not asked.
        health: what it says of its health before the first launch and after the last.
    """

    budget: Budget
    seed: int
    timed: dict[str, Timed]
    baseline: str
    twin: str | None
    looks: int = 0
    canary: list[Canary] = field(default_factory=list)
    machine: Machine | None = None
    health: list[Health] = field(default_factory=list)

    def raw(self) -> dict[str, Any]:
        """Everything, for the file beside the results."""
        return {"v": 2, **msgspec.to_builtins(self)}
