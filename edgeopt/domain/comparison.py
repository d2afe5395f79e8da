"""One table over targets: what became of each candidate on each of them."""

from __future__ import annotations

import math
from typing import Literal

from edgeopt.domain.aim import Aim
from edgeopt.domain.latency import Latency, Verdict
from edgeopt.domain.model import Value
from edgeopt.domain.published import Predicted
from edgeopt.domain.score import Drop, Score

State = Literal["measured", "emulated", "converted", "failed", "left out", "absent"]


class Cell(Value, kw_only=True, frozen=True):
    """One candidate on one target, with the number of threads that is best there.

    Attributes:
        state: "measured" on a device; "emulated": answered on an emulated core; "converted":
            answered and scored on this machine alone; "failed"; "left out" by the profile or for
            what is missing; "absent": the profile does not name it.
        recipe_id, threads: of the recipe that stands here; None where there is none.
        qualifies: within every limit. chosen: what ships on this target. baseline: the one that the
            others are compared with there.
        versus_baseline: within the target; latencies of two targets have no verdict.
        predicted: None where it was measured, and where nothing is known.
        reason: why it failed, was left out, or was not timed.
    """

    target: str
    state: State
    recipe_id: str | None = None
    threads: int | None = None
    qualifies: bool = False
    chosen: bool = False
    baseline: bool = False
    latency_ms: Latency | None = None
    versus_baseline: Verdict | None = None
    score: Score | None = None
    drop: Drop | None = None
    predicted: Predicted | None = None
    reason: str = ""

    @property
    def pace(self) -> tuple[bool, float]:
        """What is less is faster: by the ratio to the target's baseline, which two schedules have

        in common; by its own time where it has none, after those that have one.
        """
        if self.latency_ms is None:
            return True, math.inf
        if self.versus_baseline is None:
            return (False, 1.0) if self.baseline else (True, self.latency_ms.p50)
        return False, 1 / self.versus_baseline.ratio

    @property
    def screened(self) -> bool:
        """Whether its time is of a short schedule, and not of the one that decided."""
        return self.latency_ms is not None and self.latency_ms.stage == "screen"


class Line(Value, kw_only=True, frozen=True):
    """One candidate: an artifact with session options, whatever its threads.

    Attributes:
        title: in words, without threads. artifact: identity of the conversion; None where no
            target has a recipe for it. cells: one for each target, in their order.
    """

    title: str
    runtime: str
    precision: str
    artifact: str | None
    cells: tuple[Cell, ...]


class Column(Value, kw_only=True, frozen=True):
    """One target and its choice.

    Attributes:
        device: what it was measured or answered on; "none": on no device of it.
        basis: as in `Choice`; None while the run goes on.
        title: the chosen recipe; "" where nothing qualified. bundle: its folder in the run's.
    """

    target: str
    device: str
    basis: str | None
    recipe_id: str | None
    title: str
    why: str
    bundle: str | None


class Share(Value, kw_only=True, frozen=True):
    """The single artifact on one target.

    Attributes:
        times: its figure, as a multiple of the best qualifying one there; None where nothing
            was measured.
    """

    target: str
    recipe_id: str
    times: float | None


class Single(Value, kw_only=True, frozen=True):
    """The best artifact if one must serve all targets.

    Attributes:
        artifact: identity of the conversion; None where none qualifies everywhere, or nothing
            was measured. path: relative to the run's folder.
        times: geometric mean of its figure relative to each target's best, over `measured`.
        aim: which figure: what the run aims at, or the latency where no target has that.
        measured: the targets that have a figure. others: those where it qualifies by its score
            alone. why: one sentence.
    """

    artifact: str | None
    title: str = ""
    path: str | None = None
    times: float | None = None
    aim: Aim = "latency"
    measured: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    shares: tuple[Share, ...] = ()
    why: str


class Comparison(Value, kw_only=True, frozen=True):
    """What `edgeopt compare` says of a run. It is computed from the run, and not stored."""

    v: int = 1
    folder: str
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    single: Single
