"""Corrupt: where it was asked for, the chosen is scored on corrupted inputs, beside the source."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from edgeopt.datasets import corruptions
from edgeopt.datasets.corruptions import LEVELS
from edgeopt.domain.progress import Doing
from edgeopt.pipeline.corruption_effects import effect_of
from edgeopt.pipeline.state import State
from edgeopt.pipeline.step import Skip
from edgeopt.pipeline.target_run import TargetRun


@dataclass(frozen=True)
class Corrupt:
    """What is lost there rejects nobody: neither the source nor a choice was made for it."""

    def why_skipped(self, run: TargetRun, state: State) -> Skip | None:
        if not run.call.corruptions:
            return Skip("it was not asked for")
        return None if state.chosen else Skip("nothing was chosen")

    def advance(self, run: TargetRun, state: State) -> State:
        chosen, confirm = state.chosen, run.context.confirm
        assert chosen is not None
        held_out = confirm.value()
        names = corruptions.applicable(held_out.samples.inputs)
        levels = [(name, level) for name in names for level in LEVELS]
        effects = []
        for number, (name, level) in enumerate(levels):
            run.progress(Doing("corrupting inputs", f"{name}, {level}"), number, len(levels))
            effects.append(effect_of(run, chosen, name, level))
        corrupted = msgspec.structs.replace(chosen, corruptions=tuple(effects))
        return state.updated(run.recorder.keep([corrupted]))
