"""bench(): latency of artifacts side by side, in one interleaved schedule."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeopt.devices.local import Local
from edgeopt.domain.bench_row import BenchRow
from edgeopt.domain.progress import Listener, silent
from edgeopt.harness.budget import FINAL, Budget
from edgeopt.harness.measure import measure
from edgeopt.harness.subject import Subject
from edgeopt.harness.timed import Session
from edgeopt.pipeline.executed import precision_words
from edgeopt.pipeline.opened import open_files
from edgeopt.pipeline.timing import compare, latency


@dataclass(frozen=True)
class Table:
    """All rows of one schedule; verdicts are against the first artifact.

    Attributes:
        inputs: where the timed inputs came from.
    """

    rows: tuple[BenchRow, ...]
    inputs: str
    session: Session


def bench(
    paths: Sequence[Path],
    threads: Sequence[int],
    data: Path | None = None,
    budget: Budget = FINAL,
    seed: int = 0,
    timeout_s: float = 300.0,
    progress: Listener = silent,
) -> Table:
    """Time model files side by side on this machine.

    Args:
        paths: .onnx, .xml, .tflite or .pt2 files with fixed shapes.
        threads: each artifact is timed with each of these.
        data: an .npz with one array per input; None: seeded random inputs of the right type.

    Raises:
        BadInput: a file that no runtime opens; data that does not fit.
        NotInstalled: a file's runtime is missing.
    """
    with tempfile.TemporaryDirectory(prefix="edgeopt-bench-") as scratch:
        work = Path(scratch)
        device = Local()
        try:
            opened = open_files(device, paths, threads, data, seed, work, timeout_s)
            session = measure(
                device, opened.subjects, opened.feeds, budget, work / "bench.log", timeout_s, seed,
                lambda done, total, what: progress(f"measuring: {what}", done, total),
            )  # fmt: skip
        finally:
            device.close()
    first, count = opened.subjects[0].key, len(opened.subjects)
    rows = tuple(
        _row(subject, session, opened.facts[subject.key], first, budget, count)
        for subject in opened.subjects
    )
    return Table(rows, opened.inputs, session)


def _row(
    subject: Subject,
    session: Session,
    facts: dict[str, Any],
    first: str,
    budget: Budget,
    count: int,
) -> BenchRow:
    timed = session.timed[subject.key]
    figures = None if timed.failed else latency(timed, budget)
    versus = None
    if subject.key != first and not timed.failed and not session.timed[first].failed:
        versus = compare(session, subject.key, first, count - 1)
    return BenchRow(
        path=str(subject.path),
        runtime=subject.runtime,
        threads=subject.threads,
        latency_ms=figures,
        versus=versus,
        precision=precision_words(facts.get("precisions") or {}),
        load_ms=timed.launches[0].load_ns / 1e6 if timed.launches else None,
        reason=timed.failed,
    )
