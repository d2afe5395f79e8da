"""A step of a run, and how an order of steps is followed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from edgeopt.domain.recipe import LeftOut
from edgeopt.pipeline.record_ends import skipped
from edgeopt.pipeline.state import State
from edgeopt.pipeline.target_run import TargetRun


@dataclass(frozen=True)
class Skip:
    """Why a step does not apply.

    Attributes:
        left_out: what the user asked for and does not get by this: recorded as skipped.
    """

    reason: str
    left_out: tuple[LeftOut, ...] = ()


class Step(Protocol):
    """One step of the way from recipes to a choice: a class in a file of `pipeline/steps/`."""

    def why_skipped(self, run: TargetRun, state: State) -> Skip | None:
        """Why it does not apply now; None: it does. Changes and measures nothing."""
        ...

    def advance(self, run: TargetRun, state: State) -> State:
        """Do it, keep what was found in the journal, and return the next state.

        Raises:
            DeviceFailed: the device was lost: the target ends, and what was kept stays.
        """
        ...


Steps = tuple[Step, ...]


def follow(steps: Sequence[Step], run: TargetRun, state: State) -> State:
    """Take the steps that apply, one after the other."""
    for step in steps:
        skip = step.why_skipped(run, state)
        if skip is None:
            state = step.advance(run, state)
            continue
        run.recorder.keep(skipped(run.target, left) for left in skip.left_out)
        passed_over = (type(step).__name__, skip.reason)
        state = replace(state, skipped=(*state.skipped, passed_over))
    return state


class Repeat:
    """Steps that are taken round by round, as long as one of them applies."""

    def __init__(self, *steps: Step) -> None:
        self.steps = steps

    def why_skipped(self, run: TargetRun, state: State) -> Skip | None:
        """That of the first step, where none of them applies."""
        skips = [step.why_skipped(run, state) for step in self.steps]
        return skips[0] if all(skips) else None

    def advance(self, run: TargetRun, state: State) -> State:
        while self.why_skipped(run, state) is None:
            state = follow(self.steps, run, state)
        return state
