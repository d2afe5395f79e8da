"""A runner whose time is scripted: python scripted_runner.py CLOCK_FILE

It speaks the protocol of edgeopt.runner. Its model is a JSON file, the fields of
`standin.Script`; the clock is a file with nanoseconds that all runners of a device share,
so that what happens to the machine happens to all of them.
"""

from __future__ import annotations

import json
import math  # for scripts
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

MACHINE = {
    "arch": "scripted",
    "cpu_model": "scripted",
    "cores": 1,
    "features": [],
    "board": None,
    "memory_bytes": None,
    "python": "3.11",
}


class Clock:
    """Scripted nanoseconds, the same for every process of a device: one works at a time."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self.now = 0

    def load(self) -> None:
        self.now = int(self._path.read_text())

    def readings(self) -> dict:
        """The sensors of a device: none, or a temperature that a file gives as an expression."""
        sensor = self._path.with_name("temperature")
        if not sensor.exists():
            return {"temperature_c": None}
        return {"temperature_c": eval(sensor.read_text(), {"t": self.now})}

    def beside(self, name: str) -> bool:
        return self._path.with_name(name).exists()

    def save(self) -> None:
        part = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        part.write_text(str(self.now))
        part.replace(self._path)  # whole, for those who read it meanwhile


class Scripted:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.script: dict = {}
        self.launch = self.runs = 0
        self.cold = False
        self.seen: dict[str, int] = {}
        self.random = random.Random(0)

    def reply(self, request: dict) -> dict:
        return getattr(self, "do_" + request.pop("cmd"))(**request)

    def do_hello(self) -> dict:
        return {"machine": dict(MACHINE)}

    def do_health(self, seconds: float) -> dict:
        """A Pi whose supply is too weak where the clock's folder has a file `weak`."""
        told = {"t_ns": self.clock.now, "why_null": {}}
        if self.clock.beside("weak"):
            told["throttled"] = {"bits": 0x50005, "now": ["under-voltage", "throttled"]}
        return {"health": told}

    def do_energy(self, seconds: float) -> dict:
        why = {"meter": "scripted"}
        return {"count": 1, "seconds": 0.0, "meters": [], "why_null": why}

    def do_canary(self) -> dict:
        return {"arithmetic_ns": 2_000_000, "copy_ns": 2_000_000}

    def do_import(self, runtime: str) -> dict:
        return {"version": f"{runtime} 1.0", "import_ns": 3_000_000, "rss_bytes": 1}

    def do_open(
        self, runtime: str, path: str, threads: int, options: dict, affinity: str = "any"
    ) -> dict:
        self.script = json.loads(Path(path).read_text())
        opened = Path(path + ".opened")
        self.launch = len(opened.read_text()) if opened.exists() else 0
        opened.write_text("x" * (self.launch + 1))
        self.random.seed(f"{path} {self.launch}")
        load_ns = self.script["cold_load_ns" if self.cold else "load_ns"]
        self.clock.now += load_ns
        return {
            "version": f"{runtime} 1.0",
            "load_ns": load_ns,
            "compile_ns": None,
            "why_null": {"compile_ns": "scripted in one step"},
            "inputs": [],
            "outputs": [],
            "rss_before_bytes": 1,
        }

    def do_facts(self) -> dict:
        return {"facts": {"precisions": {"fp32": 1}, "options": {"scripted": "yes"}}}

    def do_inputs(self, files: list, count: int) -> dict:
        assert all(os.path.exists(file) for file in files)
        return {"count": count}

    def do_infer(self, inputs: list, outputs: list, first: int, count: int) -> dict:
        """Each output is its input plus `gain`."""
        import numpy as np

        written = []
        for there, here in zip(inputs, outputs, strict=True):
            found = np.load(there)[first : first + count] + self.script["gain"]
            np.save(here, found)
            written.append({"dtype": found.dtype.name, "shape": list(found.shape[1:])})
        return {"count": count, "outputs": written}

    def do_warmup(self, runs: int, seconds: float) -> dict:
        first_ns, times = self._run(0), []
        end = self.clock.now + seconds * 1e9
        while len(times) < runs or self.clock.now < end:
            times.append(self._run(len(times)))
        return {"first_ns": first_ns, "t_ns": times, "peak_rss_bytes": 1 << 20}

    def do_block(self, count: int) -> dict:
        start, before = self.clock.now, self.clock.readings()
        times = [self._run(k) for k in range(count)]
        after = self.clock.readings()
        return {"t_ns": times, "start_ns": start, "before": before, "after": after}

    def do_readings(self) -> dict:
        return {"readings": self.clock.readings()}

    def do_paced(self, period_ns: int, count: int) -> dict:
        zero = self.clock.now
        begun, took = [], []
        for i in range(count):
            self.clock.now = max(self.clock.now, zero + i * period_ns)
            begun.append(self.clock.now - zero)
            took.append(self._run(i))
        return {"begun_ns": begun, "t_ns": took, "before": {}, "after": {}}

    def do_streams(self, streams: int, seconds: float) -> dict:
        """Each stream on a clock of its own, as if there were cores for all."""
        zero, told = self.clock.now, []
        for _ in range(streams):
            self.clock.now, times = zero, []
            while self.clock.now < zero + seconds * 1e9:
                times.append(self._run(len(times), streams))
            told.append({"t_ns": times, "elapsed_ns": self.clock.now - zero})
        self.clock.now = zero + max(stream["elapsed_ns"] for stream in told)
        return {"streams": told, "peak_rss_bytes": streams << 20, "before": {}, "after": {}}

    def do_evict(self, paths: list) -> dict:
        self.cold = True
        left = json.loads(Path(paths[0]).read_text())["resident_bytes"]
        return {"bytes": os.path.getsize(paths[0]), "resident_bytes": left, "why_null": {}}

    def do_fill(self, paths: list) -> dict:
        size = os.path.getsize(paths[0])
        return {"bytes": size, "resident_bytes": size, "why_null": {}}

    def _run(self, k: int, streams: int = 1) -> int:
        """One inference. Scripts know t (ns), i (runs so far), k (place in the block), launch,
        s (streams at work)."""
        names = {
            "s": streams,
            "t": self.clock.now,
            "i": self.runs,
            "k": k,
            "launch": self.launch,
            "rng": self.random,
            "random": random,
            "math": math,
        }
        ns = round(eval(self.script["duration_ns"], names))
        self.runs += 1
        self.clock.now += ns
        return ns


def say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def complain(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


def silence() -> None:
    while True:
        time.sleep(1)


def half_a_line() -> None:
    say('{"ok": true, "t_')


def error() -> None:
    raise ValueError("scripted:\nmore words\n")


def grandchild() -> None:
    child = subprocess.Popen(["sleep", "1000"])
    complain(f"grandchild {child.pid}\n")


TROUBLES = {
    "exit": lambda: os._exit(7),
    "crash": lambda: os.kill(os.getpid(), signal.SIGSEGV),
    "half a line, then exit": lambda: (half_a_line(), os._exit(0)),
    "half a line, then silence": lambda: (half_a_line(), silence()),
    "words": lambda: say("Loading kernels ...\n"),
    "a list": lambda: say("[1, 2]\n"),
    "an object without ok": lambda: say('{"t_ns": []}\n'),
    "silence": silence,
    "error": error,
    "last words": lambda: (complain("first\n\nkernel 7 not found\n"), os._exit(3)),
    "much on stderr": lambda: complain("x" * 5_000_000),
    "grandchild": grandchild,
}


def trouble(runner: Scripted, cmd: str) -> None:
    script = runner.script
    number = runner.seen[cmd] = runner.seen.get(cmd, 0) + 1
    planned = script.get("at"), script.get("number"), script.get("launch")
    if script.get("trouble") and planned == (cmd, number, runner.launch):
        TROUBLES[script["trouble"]]()


def main() -> None:
    runner = Scripted(Clock(sys.argv[1]))
    for line in sys.stdin:
        request = json.loads(line)
        cmd, number = request["cmd"], request.pop("n", None)
        if cmd == "open":
            runner.script = json.loads(Path(request["path"]).read_text())
        try:
            trouble(runner, cmd)
            if cmd == "quit":
                break
            if cmd == "import":  # several at once: it takes no time of the machine's
                reply = {"ok": True, **runner.reply(request)}
            else:
                runner.clock.load()
                reply = {"ok": True, **runner.reply(request)}
                runner.clock.save()
        except ValueError as problem:
            reply = {"ok": False, "error": f"{type(problem).__name__}: {problem}"}
        time.sleep(runner.script.get("delay_s", 0.0))
        say(json.dumps({"n": number, **reply}) + "\n")


if __name__ == "__main__":
    main()
