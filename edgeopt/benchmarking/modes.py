"""What `bench` can do besides the ordinary schedule: one mode at a time, on the same files."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import msgspec

from edgeopt.benchmarking.opened_files import Opened, open_files, place
from edgeopt.devices.account import Machine
from edgeopt.devices.device import Device
from edgeopt.domain import bounds
from edgeopt.domain.case import Case
from edgeopt.domain.errors import BadInput
from edgeopt.domain.load_time import LoadTime
from edgeopt.domain.open_loop import OpenLoop
from edgeopt.domain.progress import Listener, silent
from edgeopt.domain.sustained import Ranking, Sustained
from edgeopt.domain.throughput import Throughput
from edgeopt.harness import (
    load_time_figures,
    open_loop_figures,
    readings,
    sustained_figures,
    throughput_figures,
)
from edgeopt.harness.client import SHORT_S, Client
from edgeopt.harness.load_time import measure_load_time
from edgeopt.harness.open_loop import measure_open_loop
from edgeopt.harness.started import Setting, Trial
from edgeopt.harness.subject import Subject
from edgeopt.harness.sustained import measure_sustained
from edgeopt.harness.throughput import measure_throughput

Row = TypeVar("Row", bound=Case)
Found = tuple[list[Row], Sequence[Trial[Any]]]  # the figures, and what they come from


@dataclass(frozen=True)
class Files:
    """What is measured, and where.

    Attributes:
        paths: .onnx, .xml, .tflite, .pte, .param or .pt2 files.
        threads: each file is a case with each of these.
        data: an .npz with one array per input; None: seeded random inputs.
        timeout_s: for opening a session and for warm-up.
        device: where; None: here. It is left open.
        trust: code inside the files may run.
        shapes: of inputs whose dimensions a file leaves open.
    """

    paths: Sequence[Path]
    threads: Sequence[int] = (1,)
    data: Path | None = None
    seed: int = 0
    timeout_s: float = 300.0
    device: Device | None = None
    trust: bool = False
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse numbers that no measurement can mean.

        Raises:
            BadInput: one is outside its bounds.
        """
        bounds.require("seed", self.seed)
        for count in self.threads:
            bounds.require("threads", count)


@dataclass(frozen=True)
class ModeResult(Generic[Row]):
    """All rows of one mode.

    Attributes:
        mode: "sustained", "throughput", "open-loop" or "load-time".
        rows: one for each case, in the order given.
        inputs: where the inputs came from.
        machine: what the runner says of it.
        raw: every duration and reading, case by case.
    """

    mode: str
    rows: tuple[Row, ...]
    inputs: str
    machine: Machine
    raw: list[dict[str, Any]]

    @property
    def ranking(self) -> Ranking | None:
        """Of sustained rows: the order in the burst and in the steady state."""
        return sustained_figures.ranking([row for row in self.rows if isinstance(row, Sustained)])

    def data(self) -> dict[str, Any]:
        """All of it as plain data."""
        return {
            "v": 1,
            "mode": self.mode,
            "inputs": self.inputs,
            "rows": msgspec.to_builtins(self.rows),
            "ranking": msgspec.to_builtins(self.ranking),
            "machine": msgspec.to_builtins(self.machine),
            "raw": self.raw,
        }


@dataclass(frozen=True)
class Work:
    """What a mode is given to do."""

    setting: Setting
    subjects: Sequence[Subject]
    machine: Machine
    seed: int
    progress: Listener


class Mode(Protocol[Row]):
    """A way to measure."""

    name: ClassVar[str]

    def find(self, work: Work) -> Found[Row]:
        """Measure every subject; a failure ends its row, never the others."""
        ...


@dataclass(frozen=True)
class SustainedMode:
    """Load for so many seconds, each artifact alone: `harness.sustained`."""

    name: ClassVar[str] = "sustained"
    seconds: float = 600.0

    def find(self, work: Work) -> Found[Sustained]:
        trials = measure_sustained(
            work.setting, work.subjects, self.seconds, progress=work.progress
        )
        return [sustained_figures.figures(trial) for trial in trials], trials


@dataclass(frozen=True)
class ThroughputMode:
    """Sessions side by side: `harness.throughput`."""

    name: ClassVar[str] = "throughput"
    streams: tuple[int, ...] = (1, 2)

    def find(self, work: Work) -> Found[Throughput]:
        trials = measure_throughput(
            work.setting, work.subjects, self.streams, work.seed, progress=work.progress
        )
        cores = work.machine.cores
        return [throughput_figures.figures(trial, cores) for trial in trials], trials


@dataclass(frozen=True)
class OpenLoopMode:
    """Frames at a rate of their own: `harness.open_loop`."""

    name: ClassVar[str] = "open-loop"
    fps: float = 30.0

    def find(self, work: Work) -> Found[OpenLoop]:
        trials = measure_open_loop(
            work.setting, work.subjects, self.fps, work.seed, progress=work.progress
        )
        return [open_loop_figures.figures(trial) for trial in trials], trials


@dataclass(frozen=True)
class LoadTimeMode:
    """From a file to the first answer: `harness.load_time`."""

    name: ClassVar[str] = "load-time"

    def find(self, work: Work) -> Found[LoadTime]:
        trials = measure_load_time(work.setting, work.subjects, work.seed, progress=work.progress)
        return [load_time_figures.figures(trial) for trial in trials], trials


def asked(
    sustained_s: float | None,
    streams: Sequence[int],
    fps: float | None,
    loading: bool,
    ordinary: bool = False,
) -> Mode[Any] | None:
    """The mode that was asked for; None for the ordinary schedule.

    Args:
        ordinary: whether something was asked for that only the ordinary schedule has.

    Raises:
        BadInput: two at once, or a number outside its bounds.
    """
    modes: dict[str, Mode[Any]] = {}
    bounds.require("sustained_s", sustained_s)
    bounds.require("fps", fps)
    for count in streams:
        bounds.require("streams", count)
    if sustained_s is not None:
        modes["--sustained"] = SustainedMode(sustained_s)
    if streams:
        modes["--streams"] = ThroughputMode(tuple(dict.fromkeys(streams)))
    if fps is not None:
        modes["--fps"] = OpenLoopMode(fps)
    if loading:
        modes["--load-time"] = LoadTimeMode()
    if len(modes) > 1:
        raise BadInput(f"{' and '.join(modes)} are two measurements.", "Ask for one at a time.")
    if modes and ordinary:
        raise BadInput(
            f"--baseline, --quick and --submission do not go with {next(iter(modes))}.",
            "They are of the ordinary schedule: leave them out.",
        )
    return next(iter(modes.values()), None)


def run_mode(files: Files, mode: Mode[Row], progress: Listener = silent) -> ModeResult[Row]:
    """Measure files in one mode.

    Raises:
        BadInput: a file that no runtime opens; data that does not fit.
        NotInstalled: a file's runtime is missing.
    """
    with _opened(files) as (setting, opened):
        with Client(setting.device, setting.log) as client:
            machine = readings.machine(setting.device, client, SHORT_S)
        rows, trials = mode.find(Work(setting, opened.subjects, machine, files.seed, progress))
    raw = [trial.raw() for trial in trials]
    return ModeResult(mode.name, tuple(rows), opened.inputs, machine, raw)


@contextlib.contextmanager
def _opened(files: Files) -> Iterator[tuple[Setting, Opened]]:
    with place(files.device) as (here, work):
        what = (files.paths, files.threads, files.data, files.seed)
        opened = open_files(here, *what, work, files.timeout_s, files.trust, files.shapes)
        yield Setting(here, opened.feeds, work / "bench.log", files.timeout_s), opened
