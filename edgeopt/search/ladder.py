"""Which compression is tried next, and whether a step is kept. Pure functions of values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from edgeopt.domain.compression import (
    Chain,
    Compression,
    CompressionStep,
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


@dataclass(frozen=True)
class Outcome:
    """What became of one step.

    Attributes:
        held: it worked and kept the constraints. faster: it is measurably faster than what it
            started from.
    """

    held: bool
    faster: bool

    @property
    def kept(self) -> bool:
        return self.held and self.faster


@dataclass(frozen=True)
class Tried:
    """A step's own stages, with what became of it."""

    stages: Chain
    outcome: Outcome


def next_step(method: Method, asked: Compression, tried: tuple[Tried, ...], multiple: int) -> Chain:
    """The stages of a method's next step, () where it is done.

    Args:
        tried: this method's steps so far, in their order.
        multiple: what channel counts are rounded to.
    """
    if method == "prune":
        return _prune(asked, tried, multiple)
    if method == "qat":
        return () if tried else (QuantizationAware(training=asked.training),)
    trials: dict[Method, tuple[Stage, ...]] = {
        "low-rank": tuple(LowRank(energy=energy, multiple=multiple) for energy in ENERGIES),
        "sparse": SPARSE,
        "input-size": tuple(Resize(share=share) for share in SIDES),
    }
    enough = method != "sparse" and any(step.outcome.kept for step in tried)
    if enough or len(tried) == len(trials[method]):
        return ()
    return (trials[method][len(tried)], Recover(training=asked.training))


def _prune(asked: Compression, tried: tuple[Tried, ...], multiple: int) -> Chain:
    """As large a step as before where it was kept.

    Where it lost too much, half of it; where it was no faster, twice: channel counts are
    rounded, and a kernel may take as long for a few channels less. A turn back ends it.
    """
    if len(tried) >= MOST_PRUNING_STEPS:
        return ()
    share = asked.step
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
    cut = Prune(share=share, importance=asked.importance, scope=asked.scope, multiple=multiple)
    return (cut, Recover(training=asked.training))


def _share(step: Tried) -> float:
    return next(stage.share for stage in step.stages if isinstance(stage, Prune))


def judge(
    method: Method, record: Record, verdict: Verdict | None, held: bool, before: Record
) -> tuple[Outcome, str]:
    """What became of a step, and the sentence that says so.

    Args:
        verdict: against what it started from; None where none could be had.
        held: whether it keeps the constraints.
    """
    if record.status != "ok" or record.drop is None:
        return Outcome(False, False), record.reason
    lost = f"it loses {record.drop.judged:.4g}"
    if method == "qat":
        own = before.drop.judged if before.drop else float("inf")
        better = record.drop.judged < own
        what = "less than" if better else "no less than"
        return Outcome(True, better), f"{lost}, {what} without ({own:.4g})"
    if not held:
        return Outcome(False, False), f"{lost}, more than allowed"
    if verdict is None:
        return Outcome(True, False), "its latency could not be compared: the machine was not quiet"
    interval = times(verdict)
    if verdict.word == "INCONCLUSIVE":
        return Outcome(True, False), f"{lost}; not shown to be faster than before: {interval}"
    if verdict.word != "FASTER":
        return Outcome(True, False), f"{lost}; no faster than before: {interval}"
    return Outcome(True, True), f"{lost}; {interval}"


def times(verdict: Verdict) -> str:
    """How fast against what was before, with what it rests on."""
    told = f"{verdict.ratio:.2f} times as fast"
    if verdict.low is not None:
        told += f" (95 % interval {verdict.low:.2f} to {verdict.high:.2f}"
        told += f", {verdict.launches} launches)"
    return told


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


def again(step: CompressionStep, verdict: Verdict, stands: bool) -> CompressionStep:
    """A step that was kept, with what the later schedule says of it."""
    later = f"timed again with all steps that were kept: {times(verdict)}"
    return msgspec.structs.replace(
        step,
        kept=stands,
        why=f"{step.why}; {later}" if stands else f"it was kept first ({step.why}); {later}",
        ratio=verdict.ratio,
        low=verdict.low,
        high=verdict.high,
        launches=verdict.launches,
    )
