"""Artifacts timed by LiteRT's own `benchmark_model` on a phone: kept apart from our figures."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from edgeopt.devices.benchmark_model import EFFORTS
from edgeopt.devices.benchmark_phone import BenchmarkPhone
from edgeopt.domain.errors import StepFailed
from edgeopt.domain.progress import Doing
from edgeopt.domain.record import Record
from edgeopt.pipeline.record_ends import failed
from edgeopt.pipeline.target_run import TargetRun
from edgeopt.report import untimed_words

RUNTIME = "litert"


def with_mean_latency(
    run: TargetRun, device: BenchmarkPhone, records: Sequence[Record]
) -> list[Record]:
    """Records of a target, each of LiteRT's that came so far with what the phone says of it.

    What the program there does not take fails: that it runs on the phone is what is asked.

    Raises:
        DeviceFailed: the phone was lost.
    """
    open_records = [r for r in records if _open(r)]
    done = 0
    found = []
    for record in records:
        if _open(record):
            run.progress(Doing("benchmark_model", record.recipe), done, len(open_records))
            done += 1
            record = run.keep(_timed(run, device, record))
        elif record.status == "ok" and record.runtime != RUNTIME:
            record = run.keep(untimed_words.without_latency(record, "not-litert"))
        found.append(record)
    return found


def _open(record: Record) -> bool:
    return record.status == "ok" and record.runtime == RUNTIME and record.benchmark_model is None


def _timed(run: TargetRun, device: BenchmarkPhone, record: Record) -> Record:
    assert record.recipe is not None
    evaluator = run.evaluator
    path = evaluator.conversions.path(evaluator.artifact(record.recipe))
    try:
        mean = device.time(path, record.recipe.threads, EFFORTS[run.call.budget])
    except StepFailed as error:
        return failed(record, "measure", error)
    timed = msgspec.structs.replace(record, benchmark_model=mean)
    return untimed_words.without_latency(timed, "benchmark-model")
