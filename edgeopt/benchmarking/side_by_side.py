"""bench(): latency of artifacts side by side, in one interleaved schedule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from edgeopt.benchmarking import end_to_end
from edgeopt.benchmarking.opened_files import Opened, open_files, place
from edgeopt.devices.device import Device
from edgeopt.domain import arithmetic, bounds
from edgeopt.domain.bench_row import BenchRow, BenchTable
from edgeopt.domain.errors import BadInput
from edgeopt.domain.finding import failures
from edgeopt.domain.progress import Listener, silent, under
from edgeopt.domain.session_facts import SessionFacts
from edgeopt.harness.budget import STANDARD, Budget
from edgeopt.harness.figures import energy_of, latency, parts_of, start
from edgeopt.harness.interleaved import measure
from edgeopt.harness.subject import Subject
from edgeopt.harness.timed import Measurement
from edgeopt.harness.validity import findings
from edgeopt.harness.verdicts import compare, noise, settled


def bench(
    paths: Sequence[Path],
    threads: Sequence[int] = (1,),
    data: Path | None = None,
    baseline: Path | None = None,
    budget: Budget = STANDARD,
    seed: int = 0,
    timeout_s: float = 300.0,
    progress: Listener = silent,
    device: Device | None = None,
    trust: bool = False,
    shapes: Mapping[str, tuple[int, ...]] = MappingProxyType({}),
    whole: bool = False,
) -> BenchTable:
    """Time model files side by side.

    Args:
        paths: .onnx, .xml, .tflite, .pte, .param or .pt2 files.
        threads: each artifact is timed with each of these.
        data: an .npz with one array per input; None: seeded random inputs of the right type.
        baseline: the one of `paths` that the verdicts are against; None: the first.
        device: where; None: here. It is left open.
        trust: code inside the files may run.
        shapes: of inputs whose dimensions a file leaves open.
        whole: from a photo to its answer, decoded. Then `paths` are bundles of models that were
            judged as a task, or files that are fed and decoded as the first bundle is; `data` is a
            photo or a folder of them, and threads of () are the bundles' own.

    Raises:
        BadInput: a file that no runtime opens; data that does not fit; a baseline that is
            none of the artifacts.
        NotInstalled: a file's runtime is missing.
    """
    bounds.require("seed", seed)
    bounds.require("step_timeout_s", timeout_s)
    for count in threads:
        bounds.require("threads", count)
    if baseline is not None and baseline not in paths:
        raise BadInput(
            f"the baseline {baseline} is none of the artifacts.",
            f"Name one of: {', '.join(map(str, paths))}.",
        )
    first = paths.index(baseline) * max(len(threads), 1) if baseline else 0
    with place(device) as (here, work):
        if whole:
            opened = end_to_end.open_bundles(here, paths, threads, data, work, timeout_s, trust)
        else:
            opened = open_files(here, paths, threads, data, seed, work, timeout_s, trust, shapes)
        session = _measure(here, opened, first, budget, work, timeout_s, seed, progress)
    raw = session.raw()
    machine = findings(session)
    spoiled = failures(machine)
    rows = tuple(
        _row(s, session, opened.facts[s.key], opened.sha256[s.key], spoiled)
        for s in opened.subjects
    )
    return BenchTable(
        rows=rows, inputs=opened.inputs, noise=noise(session), findings=machine, raw=raw
    )


def _measure(
    device: Device,
    opened: Opened,
    first: int,
    budget: Budget,
    work: Path,
    timeout_s: float,
    seed: int,
    progress: Listener,
) -> Measurement:
    keys = [subject.key for subject in opened.subjects]
    return measure(
        device,
        opened.subjects,
        opened.feeds,
        budget,
        work / "bench.log",
        timeout_s,
        seed,
        under(progress, "measuring"),
        keys[first],
        lambda session: settled(session, keys),
    )


def _row(
    subject: Subject,
    session: Measurement,
    facts: SessionFacts,
    sha256: str,
    spoiled: tuple[str, ...],
) -> BenchRow:
    timed, base = session.timed[subject.key], session.timed[session.baseline]
    versus = None
    if subject.key != session.baseline and not (timed.failed or base.failed or spoiled):
        versus = compare(session, subject.key, session.baseline)
    return BenchRow(
        path=str(subject.path),
        sha256=sha256,
        runtime=subject.runtime,
        version=facts.version,
        options=facts.options or {},
        threads=subject.threads,
        latency_ms=None if timed.failed else latency(timed, session.budget, spoiled),
        versus_baseline=versus,
        precision=arithmetic.precisions(facts.precisions or {}),
        start=start(timed) if timed.launches else None,
        energy=energy_of(timed),
        parts=parts_of(timed),
        reason=timed.failed,
    )
