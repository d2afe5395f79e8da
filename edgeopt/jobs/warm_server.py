"""Forks children that begin with what earlier ones imported: a program of its own.

It is started by `jobs/warm.py`, which says on its stdin where it listens. Each connection is one
child. Answers are a line with its process id, and one with its exit code. It ends with its input.

- A job: a line of JSON with the arguments of `jobs/child.py`, and the descriptor of its log.
  Packages that are known to start no thread when they are imported are imported here before the
  job that follows the first one that needed them; those that are named after an empty runtime,
  before it says that it is ready.
- A runner, where a runtime is named as argument: an empty list, and the descriptors of its log,
  its stdin and its stdout. The runtime is imported before anything is forked. Where that starts a
  thread it says so, and ends: a fork would not have it.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

#: What a fork does: its words, its descriptors, and where it tells what it imported.
Work = Callable[[list[str], list[int], int], None]

#: Packages that may be imported before a fork: their import starts no thread and opens no device.
FORKABLE = frozenset({
    "numpy", "scipy", "sklearn", "joblib", "torch", "sympy", "mpmath", "networkx", "onnx",
    "onnx_ir", "onnxscript", "onnxslim", "onnxruntime", "skl2onnx", "skops", "ml_dtypes",
    "google", "edgeopt", "msgspec", "openvino", "nncf", "ai_edge_litert", "ai_edge_quantizer",
    "litert_torch", "torchao", "jax", "jaxlib",
})  # fmt: skip


def _job(words: list[str], descriptors: list[int], told: int) -> None:
    """In the fork: what `python -m edgeopt.jobs.child` does; never returns."""
    [log] = descriptors
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    from edgeopt.jobs import child

    child.work(Path(words[0]), Path(words[1]), os.getppid())
    found = [name for name in list(sys.modules) if name.partition(".")[0] in FORKABLE]
    with contextlib.suppress(OSError):
        os.write(told, json.dumps(found).encode())
    os._exit(0)


def _runner(words: list[str], descriptors: list[int], told: int) -> None:
    """In the fork: what `python -m edgeopt.runner` does; never returns."""
    for place, descriptor in zip((2, 0, 1), descriptors, strict=True):
        os.dup2(descriptor, place)
        os.close(descriptor)
    os.close(told)
    from edgeopt.runner import __main__ as runner
    from edgeopt.runner import resident

    resident.restore()
    os._exit(runner.main())


def _is_ready_with(runtime: str) -> bool:
    """Import a runtime; False where it cannot be had, or has started a thread."""
    from edgeopt import runtimes
    from edgeopt.runner import __main__, commands, resident  # noqa: F401 (what runners begin with)

    before = len(os.listdir("/proc/self/task"))  # numpy's, which it ends before a fork
    try:
        module = runtimes.load(runtime)
        getattr(module, "ahead", module.version)()
    except Exception:  # each runner tells it as ever
        return False
    resident.note()
    gc.freeze()
    return len(os.listdir("/proc/self/task")) <= before


def _learn(names: Sequence[str]) -> None:
    """Import what a job needed, as far as it can be had."""
    for name in names:
        if name not in sys.modules and name.partition(".")[0] in FORKABLE:
            with contextlib.suppress(Exception):
                importlib.import_module(name)


class _Server:
    """One thread: a fork copies no other."""

    def __init__(self, listener: socket.socket, work: Work) -> None:
        self._listener, self._work = listener, work
        self._jobs: dict[int, tuple[int, socket.socket, int]] = {}  # pidfd: process, asker, pipe
        self._told: dict[int, bytes] = {}
        self._imported: list[bytes] = []  # by jobs since the last fork

    def serve(self) -> None:
        """Until stdin ends."""
        while True:
            # What asks for a fork comes last: what ended jobs imported is then there.
            watched = [0, *self._told, *self._jobs, self._listener.fileno()]
            ready, _, _ = select.select(watched, [], [])
            if 0 in ready and not os.read(0, 1):
                return
            for descriptor in ready:
                if descriptor in self._told:
                    self._hear(descriptor)
                elif descriptor in self._jobs:
                    self._ended(descriptor)
                elif descriptor == self._listener.fileno():
                    self._begin(self._listener.accept()[0])

    def _begin(self, asker: socket.socket) -> None:
        line, descriptors, _, _ = socket.recv_fds(asker, 1 << 16, 3)
        if not descriptors:
            asker.close()
            return
        while self._imported:  # not when a job ends: something may be timed then
            with contextlib.suppress(ValueError):
                _learn(json.loads(self._imported.pop()))
        hear, tell = os.pipe()
        leads, led = os.pipe()
        pid = os.fork()
        if pid == 0:
            self._listener.close()
            asker.close()
            try:
                os.setsid()
                os.close(led)
                os.close(leads)
                self._work(json.loads(line), descriptors, tell)
            finally:
                os._exit(70)
        for descriptor in (*descriptors, tell, led):
            os.close(descriptor)
        os.read(leads, 1)  # until it leads its group: killing a group that is not there kills none
        os.close(leads)
        self._told[hear] = b""
        self._jobs[os.pidfd_open(pid)] = (pid, asker, hear)
        asker.sendall(f"{pid}\n".encode())

    def _ended(self, descriptor: int) -> None:
        pid, asker, pipe = self._jobs.pop(descriptor)
        os.close(descriptor)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        with contextlib.suppress(OSError):
            asker.sendall(f"{code}\n".encode())
        asker.close()
        while pipe in self._told:  # before the next fork, which is to have what this one needed
            self._hear(pipe)

    def _hear(self, descriptor: int) -> None:
        chunk = os.read(descriptor, 1 << 20)
        self._told[descriptor] += chunk
        if not chunk:
            os.close(descriptor)
            self._imported.append(self._told.pop(descriptor))


def main() -> None:
    """Listen where stdin's first line says."""
    told = os.dup(1)  # runtimes print on stdout when they are imported
    os.dup2(2, 1)
    place = b""
    while not place.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:  # who started it was killed meanwhile
            os._exit(0)
        place += byte
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(place.decode().strip())
    listener.listen()
    runtime, *ahead = sys.argv[1:] or [""]
    _learn(ahead)
    ready = not runtime or _is_ready_with(runtime)
    os.write(told, b"ready\n" if ready else b"not\n")
    if ready:
        _Server(listener, _runner if runtime else _job).serve()
    os._exit(0)


if __name__ == "__main__":
    main()
