"""A device whose runners are real processes on a scripted clock (scripted_runner.py)."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from edgeopt.domain.tensor import Binding
from edgeopt.harness.feed import Feed
from edgeopt.harness.subject import Subject
from edgeopt.jobs.child import describe_exit

RUNNER = Path(__file__).with_name("scripted_runner.py")


@dataclass(frozen=True)
class Script:
    """How an artifact behaves.

    Attributes:
        duration_ns: an expression of t (the machine's clock, ns), i (runs of this process so
            far), k (place in the block), s (streams at work), launch, and
            rng.
        load_ns, cold_load_ns: loading, with the file in the page cache and without.
        resident_bytes: of the file, however it is evicted.
        delay_s: real seconds that each reply takes on its way.
        gain: what it adds to its inputs.
        trouble: one of the runner's TROUBLES, at the `number`th request `at` of `launch`.
    """

    duration_ns: str = "1e6"
    load_ns: int = 1000
    cold_load_ns: int = 5000
    resident_bytes: int = 0
    delay_s: float = 0.0
    gain: float = 0.0
    trouble: str = ""
    at: str = "block"
    number: int = 1
    launch: int = 0


class Standin:
    """See `edgeopt.devices.device.Device`. Keeps every runner it started."""

    name = "stand-in"
    link = "stand-in"
    lost = ""
    kind: Literal["measured", "emulated"] = "measured"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._clock = folder / "clock"
        self._clock.write_text("0")
        self.runners: list[subprocess.Popen[Any]] = []

    def clock(self) -> float:
        """Its own seconds, which its runners' times are compared with."""
        return int(self._clock.read_text()) / 1e9 if self._clock.exists() else 0.0

    def put(self, path: Path) -> str:
        return str(path)

    def get(self, remote: str, path: Path, most_bytes: int = 0) -> None:
        shutil.copyfile(remote, path)

    def remove(self, remotes: Sequence[str]) -> None:
        for remote in remotes:
            Path(remote).unlink()

    def folder(self) -> str:
        return str(self._folder)

    def start_runner(self, stderr: Path) -> subprocess.Popen[Any]:
        with stderr.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-I", str(RUNNER), str(self._clock)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        self.runners.append(process)
        return process

    def explain(self, code: int) -> str:
        return describe_exit(code)

    def close(self) -> None:
        pass

    def heats(self, temperature_c: str) -> None:
        """Give it a sensor: an expression of t (ns)."""
        (self._folder / "temperature").write_text(temperature_c)

    def rest(self, seconds: float) -> None:
        """Let its clock go on while nothing runs."""
        self._clock.write_text(str(int(self._clock.read_text()) + round(seconds * 1e9)))

    def subject(self, key: str, script: Script = Script(), **fields: Any) -> Subject:
        """An artifact of one input x[2] and one output y[2] that behaves as its script says."""
        place = self._folder / key
        place.mkdir()
        model = place / "model.json"
        model.write_text(json.dumps(dataclasses.asdict(script)))
        own = {
            "inputs": (Binding(source="x", name="x", index=0, dtype="float32", shape=(2,)),),
            "outputs": (Binding(source="y", name="y", index=0, dtype="float32", shape=(2,)),),
            **fields,
        }
        return Subject(key=key, title=key, runtime="scripted", path=model, threads=1, **own)

    def feed(self, count: int = 10) -> Feed:
        """x = [[0, 1], [2, 3], ...]"""
        x = np.arange(2 * count, dtype=np.float32).reshape(count, 2)
        return Feed({"x": x}, self._folder / "feed")

    @property
    def alive(self) -> list[subprocess.Popen[Any]]:
        return [process for process in self.runners if process.poll() is None]
