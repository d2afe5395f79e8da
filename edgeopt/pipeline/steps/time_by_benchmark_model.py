"""Time by benchmark_model: LiteRT's own program on a phone, whose means are kept apart."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from edgeopt.devices.benchmark_model import EFFORTS
from edgeopt.devices.device import OwnTimer, is_own_timer
from edgeopt.domain.errors import StepFailed
from edgeopt.domain.progress import Doing
from edgeopt.domain.record import Record
from edgeopt.pipeline.record_ends import failed
from edgeopt.pipeline.state import State
from edgeopt.pipeline.step import Skip
from edgeopt.pipeline.target_run import TargetRun
from edgeopt.report import untimed_words

RUNTIME = "litert"


@dataclass(frozen=True)
class TimeByBenchmarkModel:
    """Each of LiteRT's files. What the program there does not take fails: that it runs is asked."""

    def why_skipped(self, run: TargetRun, state: State) -> Skip | None:
        if is_own_timer(run.placement.device):
            return None
        return Skip("the target's device has no benchmark_model of its own")

    def advance(self, run: TargetRun, state: State) -> State:
        device = run.placement.device
        assert is_own_timer(device)
        untimed = [record for record in state.records if _is_untimed(record)]
        for number, record in enumerate(untimed):
            run.progress(Doing("benchmark_model", record.recipe), number, len(untimed))
            state = state.updated(run.recorder.keep([_timed(run, device, record)]))
        others = (
            untimed_words.without_latency(record, "not-litert")
            for record in state.records
            if record.status == "ok" and record.runtime != RUNTIME
        )
        return state.updated(run.recorder.keep(others))


def _is_untimed(record: Record) -> bool:
    return record.status == "ok" and record.runtime == RUNTIME and record.benchmark_model is None


def _timed(run: TargetRun, device: OwnTimer, record: Record) -> Record:
    """A record with the mean latency that the program prints."""
    assert record.recipe is not None
    path = run.evaluator.subject(record.recipe).path
    try:
        mean = device.time(path, record.recipe.threads, EFFORTS[run.call.budget])
    except StepFailed as error:
        return failed(record, "measure", error)
    timed = msgspec.structs.replace(record, benchmark_model=mean)
    return untimed_words.without_latency(timed, "benchmark-model")
