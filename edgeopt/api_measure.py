"""`edgeopt.measure` and its modes: model files, timed on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edgeopt.benchmarking import modes as _modes
from edgeopt.benchmarking import side_by_side as _bench
from edgeopt.domain.bench_row import BenchTable
from edgeopt.domain.load_time import LoadTime
from edgeopt.domain.open_loop import OpenLoop
from edgeopt.domain.progress import Listener, silent
from edgeopt.domain.sustained import Sustained
from edgeopt.domain.throughput import Throughput
from edgeopt.harness.budget import SCREEN, final


def measure(
    artifacts: str | Path | Sequence[str | Path],
    *,
    baseline: str | Path | None = None,
    threads: int | Sequence[int] = 1,
    data: str | Path | None = None,
    budget: str = "standard",
    seed: int = 0,
    trust: bool = False,
    progress: Listener = silent,
) -> BenchTable:
    """Time model files side by side on this machine, as `edgeopt bench` does.

    Args:
        baseline: the artifact that the verdicts are against; None: the first.
        threads: each artifact is timed with each of these.
        data: an .npz with one array per input; None: seeded random inputs.
        budget: "screen" (one to three short launches, seconds for an artifact: for a tuner's
            objective), "quick", "standard" or "submission".
        trust: code inside the files may run.

    Raises:
        BadInput: a file that no runtime opens; data that does not fit; an unknown budget.
        NotInstalled: a file's runtime is missing.
    """
    files = _files(artifacts, threads, data, seed, trust)
    return _bench.bench(
        files.paths,
        files.threads,
        files.data,
        Path(baseline) if baseline else None,
        SCREEN if budget == SCREEN.name else final(budget),
        seed,
        progress=progress,
        trust=trust,
    )


def measure_sustained(
    artifacts: str | Path | Sequence[str | Path],
    seconds: float = 600.0,
    *,
    threads: int | Sequence[int] = 1,
    data: str | Path | None = None,
    seed: int = 0,
    trust: bool = False,
    progress: Listener = silent,
) -> _modes.ModeResult[Sustained]:
    """Put each artifact under load for so long, one after the other: `bench --sustained`.

    Raises:
        BadInput: a file that no runtime opens; data that does not fit.
        NotInstalled: a file's runtime is missing.
    """
    files = _files(artifacts, threads, data, seed, trust)
    return _modes.run_mode(files, _modes.SustainedMode(seconds), progress)


def measure_throughput(
    artifacts: str | Path | Sequence[str | Path],
    streams: int | Sequence[int] = (1, 2),
    *,
    threads: int | Sequence[int] = 1,
    data: str | Path | None = None,
    seed: int = 0,
    trust: bool = False,
    progress: Listener = silent,
) -> _modes.ModeResult[Throughput]:
    """Drive so many sessions of each artifact side by side: `bench --streams`.

    Raises:
        BadInput, NotInstalled: as `measure_sustained`.
    """
    counts = (streams,) if isinstance(streams, int) else tuple(streams)
    files = _files(artifacts, threads, data, seed, trust)
    return _modes.run_mode(files, _modes.ThroughputMode(counts), progress)


def measure_open_loop(
    artifacts: str | Path | Sequence[str | Path],
    fps: float,
    *,
    threads: int | Sequence[int] = 1,
    data: str | Path | None = None,
    seed: int = 0,
    trust: bool = False,
    progress: Listener = silent,
) -> _modes.ModeResult[OpenLoop]:
    """Give each artifact frames at a rate of their own: `bench --fps`.

    Raises:
        BadInput, NotInstalled: as `measure_sustained`.
    """
    files = _files(artifacts, threads, data, seed, trust)
    return _modes.run_mode(files, _modes.OpenLoopMode(fps), progress)


def measure_load_time(
    artifacts: str | Path | Sequence[str | Path],
    *,
    threads: int | Sequence[int] = 1,
    data: str | Path | None = None,
    seed: int = 0,
    trust: bool = False,
    progress: Listener = silent,
) -> _modes.ModeResult[LoadTime]:
    """From each artifact's file to its first answer, cold and warm: `bench --load-time`.

    Raises:
        BadInput, NotInstalled: as `measure_sustained`.
    """
    files = _files(artifacts, threads, data, seed, trust)
    return _modes.run_mode(files, _modes.LoadTimeMode(), progress)


def _files(
    artifacts: str | Path | Sequence[str | Path],
    threads: int | Sequence[int],
    data: str | Path | None,
    seed: int,
    trust: bool,
) -> _modes.Files:
    paths = [artifacts] if isinstance(artifacts, (str, Path)) else list(artifacts)
    return _modes.Files(
        paths=[Path(path) for path in paths],
        threads=(threads,) if isinstance(threads, int) else tuple(threads),
        data=Path(data) if data else None,
        seed=seed,
        trust=trust,
    )
