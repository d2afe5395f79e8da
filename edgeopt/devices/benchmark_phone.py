"""A phone whose .tflite files LiteRT's own `benchmark_model` times: the second way to it.

No Python is sent: the user's program runs alone, pinned as a runner would be. What it says are
means of one process, which nothing is compared with.
"""

from __future__ import annotations

import hashlib
import shlex
import subprocess
from pathlib import Path
from typing import Any

from edgeopt.devices import android, benchmark_model, phone
from edgeopt.devices.adb import Adb
from edgeopt.devices.adb_link import Done
from edgeopt.devices.benchmark_model import Effort
from edgeopt.domain.device import DeviceEntry
from edgeopt.domain.errors import BadInput, StepFailed
from edgeopt.domain.mean_latency import MeanLatency
from edgeopt.domain.progress import Listener, silent

SUFFIX = ".tflite"
LIMIT_S = 600.0
ELF_ARM64 = (b"\x7fELF\x02", b"\xb7\x00")  # 64 bits; e_machine at byte 18


class BenchmarkPhone(Adb):
    """See `device.Device`; only that there is no runner.

    Raises:
        BadInput: `entry.link` is no adb link, or the program is no file that a phone could run.
    """

    times, answers = False, False

    def __init__(self, name: str, entry: DeviceEntry) -> None:
        super().__init__(name, entry)
        self.program = Path(str(entry.benchmark_model))
        require_program(self.program)
        self._cores: list[int] | None = None

    def start_runner(self, stderr: Path) -> subprocess.Popen[Any]:
        """There is none.

        Raises:
            BadInput: always.
        """
        raise BadInput(
            f"{self.name} is timed by LiteRT's benchmark_model: no runner is started there.",
            "`edgeopt bench` takes .tflite files to it. For all else add the phone anew, without "
            "--benchmark-model.",
        )

    def prepare(self, progress: Listener = silent) -> None:
        """Send the program, and see whether it starts.

        Raises:
            BadInput: it does not run there. DeviceFailed: the phone cannot be reached.
        """
        progress(f"sending {self.program.name} to {self.name}")
        done = self._run([self.put(self.program), "--help"])
        if "--graph" not in done.out + done.err:
            said = benchmark_model.last_words(done.out + done.err) or f"exit code {done.code}"
            raise BadInput(
                f"{self.program} does not run on {self.name} as a benchmark_model: {said}",
                "LiteRT's `android_aarch64_benchmark_model` is meant.",
            )

    def time(self, model: Path, threads: int, effort: Effort) -> MeanLatency:
        """Run the program once on a file.

        Raises:
            StepFailed: it does not take the file, or says nothing that can be read.
            DeviceFailed: the phone cannot be reached.
        """
        words = benchmark_model.arguments(effort, threads)
        program, there = self.put(self.program), self.put(model)
        cores = self.cores()
        before = self.health().thermal_status
        done = self._run([*self._pinned(cores), program, f"--graph={there}", *words])
        after = self.health().thermal_status
        text = done.out + done.err
        try:
            if done.code:
                raise benchmark_model.Unreadable(benchmark_model.last_words(text))
            found = benchmark_model.figures(text)
        except benchmark_model.Unreadable as error:
            said = str(error) or f"exit code {done.code}"
            raise StepFailed("failed-run", f"benchmark_model on {self.name}: {said}") from error
        if not cores:
            found["why_null"]["cores"] = "the phone does not tell its cores' clocks"
        return MeanLatency(
            **found,
            threads=threads,
            cores=tuple(cores) or None,
            arguments=tuple(words),
            program_sha256=hashlib.sha256(self.program.read_bytes()).hexdigest(),
            thermal_before=before,
            thermal_after=after,
        )

    def cores(self) -> list[int]:
        """The big cores, asked once."""
        if self._cores is None:
            self._live()
            found: list[int] = self._keeping(lambda: phone.big_cores(self._way.run))
            self._cores = found
        return self._cores

    def _pinned(self, cores: list[int]) -> list[str]:
        return ["taskset", android.mask(cores)] if cores else []

    def _run(self, command: list[str]) -> Done:
        """Run a command in the session's own folder: versions leave files about."""
        session = self._live()
        script = f"cd {shlex.quote(session.scratch)} && exec {shlex.join(command)}"
        done: Done = self._keeping(lambda: self._way.shell(script, LIMIT_S))
        return done


def of(name: str, entry: DeviceEntry) -> Adb:
    """The device of a link `adb://SERIAL`: by a runner, or by the user's benchmark_model.

    Raises:
        BadInput: as both.
    """
    return BenchmarkPhone(name, entry) if entry.benchmark_model else Adb(name, entry)


def require_program(path: Path) -> None:
    """Refuse what a 64-bit ARM phone cannot start: another machine's program above all.

    Raises:
        BadInput: there is no such file, or it is for another processor.
    """
    try:
        with path.open("rb") as file:
            head = file.read(20)
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from error
    magic, machine = ELF_ARM64
    if head[:4] == magic[:4] and not (head.startswith(magic) and head[18:20] == machine):
        raise BadInput(
            f"{path} is no program for 64-bit ARM.",
            "LiteRT's `android_aarch64_benchmark_model` is meant.",
        )
