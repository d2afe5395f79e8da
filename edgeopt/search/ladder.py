"""Which compression is tried next, and whether a step is kept. Pure functions of values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from edgeopt.domain.compression import (
    Chain,
    Compression,
    LowRank,
    Method,
    Prune,
    QuantizationAware,
    Recover,
    Resize,
    Sparsify,
    Stage,
)
from edgeopt.domain.latency import Verdict
from edgeopt.domain.record import Record

MOST_PRUNING_STEPS = 8
LARGEST_STEP, SMALLEST_STEP = 0.6, 0.1
ENERGIES = (0.8, 0.95)
#: From little to much: what is kept does not end them. 80 % on top of 2:4 keeps its zeros.
SPARSE = (Sparsify(pattern="2:4"), Sparsify(share=0.8))
SIDES = (0.5, 0.75)

#: The order in which methods are tried: each starts from what the one before left.
ORDER: tuple[Method, ...] = ("input-size", "prune", "low-rank", "sparse", "qat")


OutcomeKind = Literal[
    "failed", "lossy", "untold", "undecided", "no-faster", "faster", "less-lossy", "no-less-lossy",
]  # fmt: skip


@dataclass(frozen=True)
class StepOutcome:
    """What became of one step.

    Attributes:
        kind: "failed"; "lossy": it loses more than allowed; "untold": nothing compared its
            latency; "undecided", "no-faster", "faster" than what it started from; of a training
            for integers, which changes no latency, "less-lossy" or "no-less-lossy" than without.
        drop: what it loses, as `Drop.judged`. before: what the form without the training loses.
        relative: whether these are shares of the source's error, as in `Drop.relative`.
        verdict: against what it started from, where there is one.
        reason: why it failed, as its record says.
    """

    kind: OutcomeKind
    drop: float | None = None
    before: float | None = None
    verdict: Verdict | None = None
    reason: str = ""
    relative: bool = False

    @property
    def held(self) -> bool:
        """Whether it worked and keeps the constraints."""
        return self.kind not in ("failed", "lossy")

    @property
    def faster(self) -> bool:
        """Whether it is measurably better than what it started from."""
        return self.kind in ("faster", "less-lossy")

    @property
    def kept(self) -> bool:
        return self.held and self.faster


@dataclass(frozen=True)
class Tried:
    """A step's own stages, with what became of it."""

    stages: Chain
    outcome: StepOutcome


def next_step(
    method: Method, settings: Compression, tried: tuple[Tried, ...], multiple: int
) -> Chain:
    """The stages of a method's next step, () where it is done.

    Args:
        tried: this method's steps so far, in their order.
        multiple: what channel counts are rounded to.
    """
    if method == "prune":
        return _prune(settings, tried, multiple)
    if method == "qat":
        return () if tried else (QuantizationAware(training=settings.training),)
    trials: dict[Method, tuple[Stage, ...]] = {
        "low-rank": tuple(LowRank(energy=energy, multiple=multiple) for energy in ENERGIES),
        "sparse": SPARSE,
        "input-size": tuple(Resize(share=share) for share in SIDES),
    }
    enough = method != "sparse" and any(step.outcome.kept for step in tried)
    if enough or len(tried) == len(trials[method]):
        return ()
    return (trials[method][len(tried)], Recover(training=settings.training))


def _prune(settings: Compression, tried: tuple[Tried, ...], multiple: int) -> Chain:
    """As large a step as before where it was kept.

    Where it lost too much, half of it; where it was no faster, twice: channel counts are
    rounded, and a kernel may take as long for a few channels less. A turn back ends it.
    """
    if len(tried) >= MOST_PRUNING_STEPS:
        return ()
    share = settings.step
    if tried:
        last, before = tried[-1], tried[:-1]
        share = _share(last)
        back = [step.outcome for step in before if not step.outcome.kept]
        if not last.outcome.held:
            share /= 2
            if share < SMALLEST_STEP or any(outcome.held for outcome in back):
                return ()
        elif not last.outcome.faster:
            if share >= LARGEST_STEP or any(not outcome.held for outcome in back):
                return ()
            share = min(2 * share, LARGEST_STEP)
    cut = Prune(
        share=share, importance=settings.importance, scope=settings.scope, multiple=multiple
    )
    return (cut, Recover(training=settings.training))


def _share(step: Tried) -> float:
    return next(stage.share for stage in step.stages if isinstance(stage, Prune))


def outcome_of(
    method: Method, record: Record, verdict: Verdict | None, qualifies: bool, before: Record
) -> StepOutcome:
    """What became of a step.

    Args:
        verdict: against what it started from; None where none could be had.
        qualifies: whether it keeps the constraints.
        before: what it started from.
    """
    if record.status != "ok" or record.drop is None:
        return StepOutcome("failed", reason=record.reason)
    kind: OutcomeKind
    without: float | None = None
    if method == "qat":
        without = before.drop.judged if before.drop else math.inf
        kind = "less-lossy" if record.drop.judged < without else "no-less-lossy"
    elif not qualifies:
        kind = "lossy"
    elif verdict is None:
        kind = "untold"
    elif verdict.word == "INCONCLUSIVE":
        kind = "undecided"
    else:
        kind = "faster" if verdict.word == "FASTER" else "no-faster"
    relative = record.drop.relative is not None
    return StepOutcome(kind, record.drop.judged, without, verdict, relative=relative)


def standing(verdicts: Sequence[Verdict | None]) -> int:
    """How many of the steps that were kept still stand after all were timed again.

    The last ones that are not FASTER than the step before go; one below them stays, since what
    was kept after it starts from it.

    Args:
        verdicts: of each kept step against the one before, in the later schedule; None: it told
            nothing, and what was known before stands.
    """
    count = len(verdicts)
    while count and not _stands(verdicts[count - 1]):
        count -= 1
    return count


def _stands(verdict: Verdict | None) -> bool:
    return verdict is None or verdict.word == "FASTER"
