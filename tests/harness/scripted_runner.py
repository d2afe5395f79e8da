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


class Clock:
    """Scripted nanoseconds, the same for every process of a device: one works at a time."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self.now = 0

    def load(self) -> None:
        self.now = int(self._path.read_text())

    def save(self) -> None:
        self._path.write_text(str(self.now))


class Scripted:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.script: dict = {}
        self.launch = self.runs = 0
        self.seen: dict[str, int] = {}
        self.random = random.Random(0)

    def reply(self, request: dict) -> dict:
        return getattr(self, "do_" + request.pop("cmd"))(**request)

    def do_hello(self) -> dict:
        return {"machine": {"cpu_model": "scripted"}}

    def do_health(self, seconds: float) -> dict:
        return {"health": {"t_ns": self.clock.now, "why_null": {}}}

    def do_energy(self, seconds: float) -> dict:
        why = {"meter": "scripted"}
        return {"count": 1, "seconds": 0.0, "meters": [], "why_null": why}

    def do_canary(self) -> dict:
        return {"arithmetic_ns": 2_000_000, "copy_ns": 2_000_000}

    def do_import(self, runtime: str) -> dict:
        return {"version": f"{runtime} 1.0", "rss_bytes": 1}

    def do_open(self, runtime: str, path: str, threads: int, options: dict) -> dict:
        self.script = json.loads(Path(path).read_text())
        opened = Path(path + ".opened")
        self.launch = len(opened.read_text()) if opened.exists() else 0
        opened.write_text("x" * (self.launch + 1))
        self.random.seed(f"{path} {self.launch}")
        self.clock.now += self.script["load_ns"]
        return {
            "version": f"{runtime} 1.0",
            "load_ns": self.script["load_ns"],
            "compile_ns": None,
            "why_null": {"compile_ns": "scripted"},
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

        for there, here in zip(inputs, outputs, strict=True):
            np.save(here, np.load(there)[first : first + count] + self.script["gain"])
        return {"count": count}

    def do_warmup(self, runs: int, seconds: float) -> dict:
        first_ns, times = self._run(0), []
        end = self.clock.now + seconds * 1e9
        while len(times) < runs or self.clock.now < end:
            times.append(self._run(len(times)))
        return {"first_ns": first_ns, "t_ns": times, "peak_rss_bytes": 1 << 20}

    def do_block(self, count: int) -> dict:
        start = self.clock.now
        times = [self._run(k) for k in range(count)]
        return {"t_ns": times, "start_ns": start, "before": {}, "after": {}}

    def _run(self, k: int) -> int:
        """One inference. Scripts know t (ns), i (runs so far), k (place in the block), launch."""
        names = {
            "t": self.clock.now,
            "i": self.runs,
            "k": k,
            "launch": self.launch,
            "seed": os.getpid(),
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
        cmd = request["cmd"]
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
        say(json.dumps(reply) + "\n")


if __name__ == "__main__":
    main()
