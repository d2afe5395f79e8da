"""What became of the steps of a search for a smaller model, in words."""

from __future__ import annotations

import math

import msgspec

from edgeopt.domain.compression import CompressionStep
from edgeopt.domain.latency import Verdict
from edgeopt.report.loss import told_judged
from edgeopt.search.ladder import StepOutcome


def why(outcome: StepOutcome) -> str:
    """One sentence, as `CompressionStep.why` keeps it."""
    if outcome.kind == "failed":
        return outcome.reason
    if outcome.kind == "untold":
        return "its latency could not be compared: the machine was not quiet"
    lost = f"it {_told(outcome.drop, outcome)}"
    if outcome.kind in ("less-lossy", "no-less-lossy"):
        less = "less than" if outcome.kind == "less-lossy" else "no less than"
        return f"{lost}; {less} without it, which {_told(outcome.before, outcome)}"
    if outcome.kind == "lossy":
        return f"{lost}, more than allowed"
    assert outcome.verdict is not None
    lead = {
        "undecided": "not shown to be faster than before: ",
        "no-faster": "no faster than before: ",
    }.get(outcome.kind, "")
    return f"{lost}; {lead}{speed(outcome.verdict)}"


def _told(judged: float | None, outcome: StepOutcome) -> str:
    known = judged if judged is not None and math.isfinite(judged) else math.nan
    return told_judged(known, relative=outcome.relative)


def of_settings(verdict: Verdict) -> str:
    """A note of a candidate with other settings: how it stands to the one that it comes from."""
    bounds = ""
    if verdict.low is not None:
        bounds = f" (95 % interval {verdict.low:.2f} to {verdict.high:.2f})"
    return f"{verdict.word} with these settings than without: {verdict.ratio:.2f} times{bounds}"


def speed(verdict: Verdict) -> str:
    """How fast against what was before, with what it rests on."""
    ratio = f"{verdict.ratio:.2f} times as fast"
    if verdict.low is None:
        return ratio
    bounds = f"95 % interval {verdict.low:.2f} to {verdict.high:.2f}"
    return f"{ratio} ({bounds}, {verdict.launches} launches)"


def timed_again(step: CompressionStep, verdict: Verdict, stands: bool) -> CompressionStep:
    """A step that was kept, with what the later schedule says of it."""
    later = f"timed again with all steps that were kept: {speed(verdict)}"
    return msgspec.structs.replace(
        step,
        kept=stands,
        why=f"{step.why}; {later}" if stands else f"it was kept first ({step.why}); {later}",
        ratio=verdict.ratio,
        low=verdict.low,
        high=verdict.high,
        launches=verdict.launches,
    )
