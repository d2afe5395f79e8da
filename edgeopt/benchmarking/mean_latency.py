"""Files timed by LiteRT's own `benchmark_model` on a phone, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from edgeopt.devices.benchmark_model import Effort
from edgeopt.devices.benchmark_phone import SUFFIX
from edgeopt.devices.device import OwnTimer
from edgeopt.domain.errors import BadInput, StepFailed
from edgeopt.domain.mean_latency import MeanRow, MeanTable
from edgeopt.domain.progress import Listener, silent
from edgeopt.jobs import on_disk
from edgeopt.sources.source import sha256_files


def bench_means(
    paths: Sequence[Path],
    threads: Sequence[int],
    device: OwnTimer,
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
        found = on_disk.kind(path)
        if found == "nothing":
            raise BadInput(f"{on_disk.shown(path)} is not there.", on_disk.near(path))
        if found == "folder" or path.suffix.lower() != SUFFIX:
            raise BadInput(
                f"{path} is no .tflite file: {device.name} is timed by LiteRT's benchmark_model.",
                "Give .tflite files, or add the phone anew without --benchmark-model.",
            )
    cases = [(path, count) for path in paths for count in threads]
    rows = []
    for number, (path, count) in enumerate(cases):
        progress(f"timing by benchmark_model: {path.name} threads={count}", number, len(cases))
        rows.append(_row(device, path, count, effort))
    machine = msgspec.to_builtins(device.machine())
    return MeanTable(device=device.name, rows=tuple(rows), machine=machine)


def _row(device: OwnTimer, path: Path, threads: int, effort: Effort) -> MeanRow:
    row = MeanRow(
        path=str(path), sha256=sha256_files([path]), threads=threads, benchmark_model=None
    )
    try:
        return msgspec.structs.replace(row, benchmark_model=device.time(path, threads, effort))
    except StepFailed as error:
        return msgspec.structs.replace(row, reason=error.reason)
