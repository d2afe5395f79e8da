"""Raw times, every nanosecond of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from edgeopt.harness.budget import SETTLING


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
    """One process of one artifact."""

    version: str
    load_ns: int
    first_ns: int
    warmup_ns: list[int]
    peak_rss_bytes: int | None
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
    """One interleaved schedule over several artifacts."""

    stage: str
    seed: int
    timed: dict[str, Timed]
    canary: list[dict[str, int]]
    machine: dict[str, Any]

    def raw(self) -> dict[str, Any]:
        """Everything, for the file beside the results."""
        return {"v": 1, **asdict(self)}
