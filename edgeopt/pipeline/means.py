"""Artifacts timed by LiteRT's own `benchmark_model` on a phone: kept apart from our figures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from edgeopt.devices.benchmark_model import EFFORTS, Effort
from edgeopt.devices.benchmark_phone import SUFFIX, BenchmarkPhone
from edgeopt.domain.errors import BadInput, StepFailed
from edgeopt.domain.mean_latency import MeanRow, MeanTable
from edgeopt.domain.progress import Doing, Listener, silent
from edgeopt.domain.record import Record
from edgeopt.pipeline.states import failed
from edgeopt.pipeline.station import Station
from edgeopt.report import untimed_words
from edgeopt.sources.source import sha256_files

RUNTIME = "litert"


def bench_means(
    paths: Sequence[Path],
    threads: Sequence[int],
    device: BenchmarkPhone,
    effort: Effort,
    progress: Listener = silent,
) -> MeanTable:
    """Each file in a process of its own, one after the other.

    Args:
        threads: each file is timed with each of these. device: it is left open.

    Raises:
        BadInput: a file that is not there, or is no .tflite.
        DeviceFailed: the phone cannot be reached.
    """
    for path in paths:
        if not path.is_file() or path.suffix.lower() != SUFFIX:
            what = "no .tflite file" if path.is_file() else "not there"
            raise BadInput(
                f"{path} is {what}: {device.name} is timed by LiteRT's benchmark_model.",
                "Give .tflite files, or add the phone anew without --benchmark-model.",
            )
    wanted = [(path, count) for path in paths for count in threads]
    rows = []
    for number, (path, count) in enumerate(wanted):
        progress(f"timing by benchmark_model: {path.name} threads={count}", number, len(wanted))
        rows.append(_row(device, path, count, effort))
    return MeanTable(device=device.name, rows=tuple(rows), machine=device.machine())


def _row(device: BenchmarkPhone, path: Path, threads: int, effort: Effort) -> MeanRow:
    row = MeanRow(
        path=str(path), sha256=sha256_files([path]), threads=threads, benchmark_model=None
    )
    try:
        return msgspec.structs.replace(row, benchmark_model=device.time(path, threads, effort))
    except StepFailed as error:
        return msgspec.structs.replace(row, reason=error.reason)


def with_means(station: Station, device: BenchmarkPhone, records: Sequence[Record]) -> list[Record]:
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
            station.progress(Doing("benchmark_model", record.recipe), done, len(open_records))
            done += 1
            record = station.keep(_timed(station, device, record))
        elif record.status == "ok" and record.runtime != RUNTIME:
            record = station.keep(untimed_words.without_latency(record, "not-litert"))
        found.append(record)
    return found


def _open(record: Record) -> bool:
    return record.status == "ok" and record.runtime == RUNTIME and record.benchmark_model is None


def _timed(station: Station, device: BenchmarkPhone, record: Record) -> Record:
    assert record.recipe is not None
    shop = station.shop
    path = shop.conversions.path(shop.artifact(record.recipe))
    try:
        mean = device.time(path, record.recipe.threads, EFFORTS[station.call.budget])
    except StepFailed as error:
        return failed(record, "measure", error)
    timed = msgspec.structs.replace(record, benchmark_model=mean)
    return untimed_words.without_latency(timed, "benchmark-model")
