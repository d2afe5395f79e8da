"""Artifacts of a run on samples that the run has not been given, and side by side in time."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

import edgeopt
from edgeopt.devices.local import Local
from edgeopt.domain.artifact import Artifact
from edgeopt.domain.record import Record
from edgeopt.domain.run import Run
from edgeopt.harness.answering import answer
from edgeopt.harness.feed import Feed
from edgeopt.harness.subject import Subject


def artifact_of(run: Run, record: Record) -> tuple[Artifact, Path]:
    """The artifact of a record, and its file."""
    path = Path(run.folder) / str(record.artifact)
    return msgspec.json.decode((path.parent / "artifact.json").read_bytes(), type=Artifact), path


def accuracy(run: Run, record: Record, samples: np.ndarray, labels: np.ndarray) -> float:
    """Share of samples [n, 1, ...] that an artifact classifies as labelled."""
    made, path = artifact_of(run, record)
    subject = Subject.of(record.recipe, made, path)
    name = run.source.inputs[0].name
    shapes = {s.name: tuple(int(d or 1) for d in s.shape) for s in run.source.outputs}
    device = Local()
    with tempfile.TemporaryDirectory() as folder:
        feed = Feed({name: samples}, Path(folder) / "feed")
        answers, _ = answer(device, subject, feed, shapes, Path(folder) / "log", 300.0)
    device.close()
    found = next(iter(answers.values())).reshape(len(labels), -1).argmax(1)
    return float((found == labels).mean())


def plain(run: Run, runtime: str, precision: str) -> Record:
    """The candidate of the whole model."""
    return next(
        r
        for r in run.records
        if r.recipe and not r.recipe.compression and r.status == "ok"
        and (r.runtime, r.precision) == (runtime, precision)
    )  # fmt: skip


def side_by_side(
    run: Run, records: dict[str, Record], over: str, budget: str = "standard"
) -> dict[str, Any]:
    """Latencies in one interleaved schedule, and how many times as fast as one of them."""
    paths = {name: artifact_of(run, record)[1] for name, record in records.items()}
    table = edgeopt.measure(list(paths.values()), baseline=paths[over], budget=budget)
    return {
        name: {
            "p50_ms": row.latency_ms.p50 if row.latency_ms else None,
            "versus": msgspec.to_builtins(row.versus_baseline),
            "reason": row.reason,
        }
        for name, row in zip(paths, table.rows, strict=True)
    }
