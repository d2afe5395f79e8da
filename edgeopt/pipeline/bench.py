"""bench(): latency of artifacts side by side, in one interleaved schedule."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from edgeopt import runtimes
from edgeopt.datasets.check import check
from edgeopt.datasets.npz import load_npz
from edgeopt.devices.local import Local
from edgeopt.domain.artifact import Artifact
from edgeopt.domain.bench_row import BenchRow
from edgeopt.domain.errors import BadInput, NotInstalled
from edgeopt.domain.progress import Listener, silent
from edgeopt.domain.tensor import Binding, TensorSpec
from edgeopt.harness.budget import FINAL, Budget
from edgeopt.harness.client import Client, RunnerFailed
from edgeopt.harness.feed import Feed
from edgeopt.harness.measure import INPUTS, measure
from edgeopt.harness.subject import Subject
from edgeopt.harness.timed import Session
from edgeopt.pipeline.executed import precision_words
from edgeopt.pipeline.timing import compare, latency
from edgeopt.search.space import installed


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
    for path in paths:
        _check(path)
    with tempfile.TemporaryDirectory(prefix="edgeopt-bench-") as scratch:
        work = Path(scratch)
        device = Local()
        try:
            subjects, facts, feeds = _open_all(device, paths, threads, data, seed, work, timeout_s)
            session = measure(
                device, subjects, feeds, budget, work / "bench.log", timeout_s, seed,
                lambda done, total, what: progress(f"measuring: {what}", done, total),
            )  # fmt: skip
        finally:
            device.close()
    first = subjects[0].key
    rows = tuple(_row(s, session, facts[s.key], first, budget, len(subjects)) for s in subjects)
    origin = str(data) if data else f"random, seed {seed}"
    return Table(rows, origin, session)


def _check(path: Path) -> None:
    if not path.is_file():
        raise BadInput(f"there is no file {path}.", "Give the paths of model files.")
    runtime = runtimes.SUFFIXES.get(path.suffix.lower())
    if runtime is None:
        raise BadInput(f"no runtime opens {path}.", f"Known: {', '.join(runtimes.SUFFIXES)}.")
    packages = runtimes.load(runtime).PACKAGES
    if not any(installed(package) for package in packages):
        raise NotInstalled(f"{path} needs {' or '.join(packages)}.", f"pip install {packages[0]}")


class _Feeds:
    """Inputs for artifacts that may name and shape them differently: one feed for each file."""

    def __init__(self) -> None:
        self._feeds: dict[tuple[Binding, ...], Feed] = {}

    def add(self, bindings: tuple[Binding, ...], feed: Feed) -> None:
        self._feeds[bindings] = feed

    def files(self, bindings: tuple[Binding, ...]) -> list[Path]:
        return self._feeds[bindings].files(bindings)

    def __len__(self) -> int:
        return min(len(feed) for feed in self._feeds.values())


def _open_all(
    device: Local,
    paths: Sequence[Path],
    threads: Sequence[int],
    data: Path | None,
    seed: int,
    work: Path,
    timeout_s: float,
) -> tuple[list[Subject], dict[str, Any], _Feeds]:
    subjects, facts, feeds = [], {}, _Feeds()
    for number, path in enumerate(paths):
        runtime = runtimes.SUFFIXES[path.suffix.lower()]
        options = _options(path)
        specs, about = _inspect(device, path, runtime, options, work, timeout_s)
        bindings = tuple(_binding(spec, i) for i, spec in enumerate(specs))
        arrays = _arrays(bindings, data, seed)
        feeds.add(bindings, Feed(arrays, work / str(number)))
        for count in threads:
            key = f"{number}:{path}:{count}"
            title = f"{path.name} threads={count}"
            facts[key] = about
            subject = Subject(key, title, runtime, path, count, bindings, (), options)
            subjects.append(subject)
    return subjects, facts, feeds


def _options(path: Path) -> dict[str, str | int]:
    """The options that an artifact of a run ships with; none for any other file."""
    beside = path.with_name("artifact.json")
    if not beside.is_file():
        return {}
    return dict(msgspec.json.decode(beside.read_bytes(), type=Artifact).recipe.options)


def _inspect(
    device: Local,
    path: Path,
    runtime: str,
    options: dict[str, str | int],
    work: Path,
    timeout_s: float,
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    with Client(device, work / "inspect.log") as client:
        try:
            opened = client.request(
                "open",
                timeout_s,
                runtime=runtime,
                path=str(path.resolve()),
                threads=1,
                options=options,
            )
            _refuse_open_shapes(opened["inputs"], path)
            facts = client.request("facts", timeout_s)["facts"]
        except RunnerFailed as error:
            raise BadInput(f"{runtime} cannot open {path}: {error.args[0]}") from error
    return opened["inputs"], facts


def _refuse_open_shapes(specs: list[dict[str, Any]], path: Path) -> None:
    for spec in specs:
        if not all(isinstance(dim, int) and dim > 0 for dim in spec["shape"]):
            dims = "x".join(str(dim or "?") for dim in spec["shape"])
            raise BadInput(
                f"{path}: input {spec['name']!r} has open dimensions ({dims}).",
                "Fix its shapes first; `edgeopt optimize` does that.",
            )


def _binding(spec: dict[str, Any], index: int) -> Binding:
    return Binding(
        source=spec["name"],
        name=spec["name"],
        index=index,
        dtype=spec["dtype"],
        shape=tuple(spec["shape"]),
    )


def _arrays(bindings: tuple[Binding, ...], data: Path | None, seed: int) -> dict[str, np.ndarray]:
    if data is None:
        rng = np.random.default_rng(seed)
        return {b.source: _random(rng, b) for b in bindings}
    samples = check(
        load_npz(data, [b.source for b in bindings]),
        [TensorSpec(name=b.source, dtype=b.dtype, shape=b.shape) for b in bindings],
        str(data),
    )
    return {name: array[:INPUTS] for name, array in samples.inputs.items()}


def _random(rng: np.random.Generator, binding: Binding) -> np.ndarray:
    """Different values for each of the inputs; small numbers where the type is an integer."""
    shape = (INPUTS, *binding.shape)
    kind = np.dtype(binding.dtype)
    if kind.kind == "f":
        return rng.standard_normal(shape).astype(kind)
    if kind.kind == "b":
        return rng.random(shape) < 0.5
    high = 256 if kind.itemsize == 1 and kind.kind == "u" else 2
    return rng.integers(0, high, shape).astype(kind)


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
