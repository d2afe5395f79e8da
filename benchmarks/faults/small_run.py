"""One small run with two runtimes and tools that are still to be installed, and what it leaves."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.faults import profile, small, stand_in, under_way
from edgeopt.jobs import interpreter

LIMIT_S = 900


@dataclass
class Bench:
    """Model, data, target and index, made once; scenes play beside them."""

    folder: Path
    tools: dict[str, str] = field(default_factory=dict)

    def prepare(self) -> None:
        """Write what every scene needs."""
        small.linear(self.folder, 10, 32, 1.0, 400)
        rows = (("onnxruntime", "fp32"), ("onnxruntime", "int8-static"), ("litert", "fp32"))
        profile.write(self.folder, *rows)
        self.tools = stand_in.write(self.folder, self.folder / "model.onnx")


@dataclass
class Scene:
    """Places of one case: nothing of it is shared with another.

    Attributes:
        tag: every process of the scene has it in its environment.
        met: the steps that an interruption met.
        cache_of: the scene whose cache it shares.
    """

    bench: Bench
    place: Path
    tag: str = field(default_factory=lambda: uuid.uuid4().hex)
    met: list[str] = field(default_factory=list)
    cache_of: Scene | None = None

    def __post_init__(self) -> None:
        for folder in (self.out.parent, self.temporary, self.cache):
            folder.mkdir(parents=True, exist_ok=True)

    def clear(self) -> None:
        """As if nothing had been called."""
        shutil.rmtree(self.place)
        self.__post_init__()

    @property
    def out(self) -> Path:
        return self.place / "o" / "run"

    @property
    def temporary(self) -> Path:
        return self.place / "t"

    @property
    def cache(self) -> Path:
        return self.cache_of.cache if self.cache_of else self.place / "c"

    def start(self, *more: str, command: str = "optimize") -> subprocess.Popen[str]:
        """Begin a call; what it prints comes with `communicate`."""
        words = interpreter.command("-m", "benchmarks.faults.shortly", command)
        if command == "optimize":
            words += ["model.onnx", "--data", "data.npz", "--target", profile.TARGET, "--quick"]
            words += ["--out", str(self.out), *more]
        else:
            words += [str(self.out), *more]
        environment = {
            **interpreter.environment(),
            **self.bench.tools,
            under_way.TAG: self.tag,
            "TMPDIR": str(self.temporary),
            "EDGEOPT_CACHE": str(self.cache),
            "COLUMNS": "100",
        }
        return subprocess.Popen(
            words,
            cwd=self.bench.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=_interruptible,
        )

    def call(self, *more: str, command: str = "optimize") -> tuple[int, str]:
        """A call to its end: exit code, and all that it printed."""
        process = self.start(*more, command=command)
        out, err = process.communicate(timeout=LIMIT_S)
        return process.returncode, out + err

    def rows(self) -> list[list[str]]:
        """Recipe and status of every record; [] where there is no run."""
        try:
            lines = (self.out / "results.jsonl").read_text("utf-8").splitlines()
            last = {}
            for record in map(json.loads, lines):
                last[record["target"], record["recipe_id"], record["runtime"]] = record
        except (OSError, ValueError):
            return []
        whole = last.values()
        return sorted([str(r["recipe_id"]), r["runtime"], _became(r)] for r in whole)

    def state(self) -> str:
        """Of run.json: "finished", "running", or "" where there is none."""
        try:
            found: dict[str, Any] = json.loads((self.out / "run.json").read_text("utf-8"))
        except (OSError, ValueError):
            return ""
        return str(found["state"])

    def left(self, within_s: float = 5.0) -> list[str]:
        """What is still there of a call that has ended: processes, temporary files."""
        deadline = time.monotonic() + within_s
        while (found := self._left()) and time.monotonic() < deadline:
            time.sleep(0.1)
        return found

    def _left(self) -> list[str]:
        temporary = [f"temporary: {path.name}" for path in self.temporary.iterdir()]
        return [*running(self.tag), *temporary]


def _became(record: dict[str, Any]) -> str:
    """A record's status, and what it was rejected for."""
    status, reason = str(record["status"]), str(record.get("reason") or "")
    return status if status in ("ok", "skipped") else f"{status}: {reason[:300]}"


def running(tag: str) -> list[str]:
    """Processes whose environment has a tag, but for those that are dead."""
    return [f"process {pid}: {words[:120]}" for pid, words in under_way.processes(tag)]


def _interruptible() -> None:
    """A shell that starts the bench in the background has it ignore SIGINT."""
    import signal

    signal.signal(signal.SIGINT, signal.default_int_handler)
