"""Answer emulated: what answers here is asked on an emulated core of the target, too."""

from __future__ import annotations

from dataclasses import dataclass

from edgeopt.devices.device import is_emulation
from edgeopt.pipeline.emulated_answers import emulate
from edgeopt.pipeline.state import State
from edgeopt.pipeline.step import Skip
from edgeopt.pipeline.target_run import TargetRun


@dataclass(frozen=True)
class AnswerEmulated:
    """What does not load there, dies, or answers otherwise is refused."""

    def why_skipped(self, run: TargetRun, state: State) -> Skip | None:
        if is_emulation(run.placement.device):
            return None
        return Skip("the target's device is not emulated")

    def advance(self, run: TargetRun, state: State) -> State:
        device = run.placement.device
        assert is_emulation(device)
        answered = emulate(run.evaluator, device, state.records, run.progress)
        return state.updated(run.recorder.keep(answered))
