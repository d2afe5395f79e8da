"""What the runner can be asked, a method each."""

from __future__ import annotations

import functools
import time
from typing import Any

import numpy as np

from edgeopt import runtimes
from edgeopt.runner import affinity as cores
from edgeopt.runner import canary, energy, health, memory, page_cache, sensors, stock
from edgeopt.runner.alone import durations
from edgeopt.runner.glance import Glance
from edgeopt.runner.idle import Idle
from edgeopt.runner.paced import paced
from edgeopt.runner.root import Root
from edgeopt.runner.streams import drive


class Runner:
    """One runtime session, others like it beside it, and the inputs they are timed on."""

    def __init__(self) -> None:
        self._session: Any = None
        self._beside: list = []
        self._open_another: Any = None
        self._inputs: list = []
        self._next = 0
        self._cores: list = []
        self._root = Root()
        self._glance = Glance(self._root)
        self.idle = Idle()

    def handle(self, request: dict) -> dict:
        """Answer one request.

        Raises:
            ValueError: an unknown command, or one that needs an open session.
        """
        name = request.pop("cmd")
        method = getattr(self, "do_" + name, None)
        if method is None:
            raise ValueError("unknown command {!r}".format(name))
        return method(**request)

    def _opened(self):
        if self._session is None:
            raise ValueError("no session is open; send `open` first")
        return self._session

    def do_hello(self) -> dict:
        """Where the runner runs."""
        return {"machine": sensors.machine(), "why_null": self._glance.why_null}

    def do_health(self, seconds: float) -> dict:
        """What may spoil figures; watches the machine for so long while it sleeps itself."""
        return {"health": health.health(self._root, seconds)}

    def do_stock(self, folder: str) -> dict:
        """What a model finds here: interpreter, numpy, room on the disk of `folder`, clock."""
        return stock.stock(folder)

    def do_import(self, runtime: str) -> dict:
        """Import a runtime, and nothing else: `open` then finds it there."""
        start = time.perf_counter_ns()
        version = runtimes.load(runtime).version()
        import_ns = time.perf_counter_ns() - start
        return {"version": version, "import_ns": import_ns, "rss_bytes": memory.rss_bytes()}

    def do_providers(self, runtime: str) -> dict:
        """What a runtime can compute on here, beside the processor."""
        module = runtimes.load(runtime)
        return {"providers": module.providers() if module.SPEC.provider_option else []}

    def do_open(
        self, runtime: str, path: str, threads: int, options: dict, affinity: str = "any",
        served: Any = None,
    ) -> dict:  # fmt: skip
        """Import the runtime unless that is done, open the model; times exclude the import.

        `served`: its runs are then from a photo to an answer (`end_to_end.EndToEnd`).
        """
        module = runtimes.load(runtime)
        version = module.version()
        before = memory.rss_bytes() if memory.restart_peak() else None
        self._cores = cores.pin(affinity, threads, self._root)
        opening = functools.partial(module.open_session, path, threads, options)
        start = time.perf_counter_ns()
        self._session = opening()
        whole_ns = time.perf_counter_ns() - start
        self._open_another, self._beside = opening, []
        if served is not None:
            from edgeopt.runner.end_to_end import EndToEnd  # only what is served needs it

            self._session = EndToEnd(self._session, **served)
        return {
            "version": version,
            **_stages(self._session, whole_ns),
            "inputs": self._session.inputs,
            "outputs": self._session.outputs,
            "rss_before_bytes": before,
            "peak_rss_bytes": memory.peak_rss_bytes(),
        }

    def do_facts(self) -> dict:
        """What really runs: operators, precisions, providers, options; and its memory now."""
        session, rss_bytes = self._opened(), memory.own_rss_bytes()
        facts = session.facts()
        if self._cores:
            pinned = ",".join(str(core) for core in self._cores)
            facts["options"] = {**facts.get("options", {}), "cores": pinned}
        return {"facts": {**facts, "rss_bytes": rss_bytes}}

    def do_infer(self, inputs: list, outputs: list, first: int, count: int) -> dict:
        """Answer samples first..first+count of the .npy files in `inputs`; write `outputs`.

        Each input file is [n, *shape of the artifact's input]; each output file becomes
        [count, *shape of the output]. The reply says what was written: shapes of one sample.
        """
        session = self._opened()
        arrays = [np.load(path, mmap_mode="r") for path in inputs]
        collected: list = [[] for _ in outputs]
        for i in range(first, first + count):
            results = session.run([_own(a[i]) for a in arrays])
            for position, (rows, result) in enumerate(zip(collected, results)):
                if rows and rows[0].shape != result.shape:
                    raise ValueError(
                        "output {} has shape {} for sample {} and {} for sample {}: its shape "
                        "depends on what is fed".format(
                            position, list(rows[0].shape), first, list(result.shape), i
                        )
                    )
                rows.append(result)
        written = []
        for path, rows in zip(outputs, collected):
            written.append(_write(path, np.stack(rows)))
        return {"count": count, "outputs": written}

    def do_roll(
        self, inputs: list, outputs: list, wanted: list, states: list, first: int, count: int,
        steps: int, kept: list,
    ) -> dict:  # fmt: skip
        """Answer `steps` steps of `count` sequences from `first` on, states given back each time.

        Each input file is [n, steps, *shape], a state's [n, *shape]. Output files become
        [count, steps, *shape] of the outputs at the positions `wanted`, then, where `kept` names
        steps for each sequence, [count, kept, *shape] of the states as they go into those.
        """
        from edgeopt.runner import rolled  # few models have a memory

        session = self._opened()
        carried = [rolled.Carried(**one) for one in states]
        arrays = [np.load(path, mmap_mode="r") for path in inputs]
        found = rolled.roll(session, arrays, carried, wanted, first, count, steps, kept)
        written = [_write(path, array) for path, array in zip(outputs, found)]
        return {"count": count, "outputs": written}

    def do_inputs(self, files: list, count: int) -> dict:
        """Read `count` samples into memory: the inputs of the timed runs, taken in turn."""
        arrays = [np.load(path, mmap_mode="r") for path in files]
        self._inputs = [[_own(a[i]) for a in arrays] for i in range(count)]
        self._next = 0
        return {"count": len(self._inputs)}

    def do_warmup(self, runs: int, seconds: float) -> dict:
        """Run at least `runs` times and for `seconds`; the first inference apart."""
        times = self._time(1)
        first_ns = times[0]
        end = time.perf_counter_ns() + int(seconds * 1e9)
        times = []
        while len(times) < runs or time.perf_counter_ns() < end:
            times += self._time(1)
        return {"first_ns": first_ns, "t_ns": times, "peak_rss_bytes": memory.peak_rss_bytes()}

    def do_block(self, count: int) -> dict:
        """One timed block: `count` inferences, every duration in ns."""
        parts = getattr(self._session, "parts", list)
        parts()  # what was before is not of this block
        before = self._snapshot()
        start = time.perf_counter_ns()
        times = self._time(count)
        told = {"t_ns": times, "start_ns": start, "before": before, "after": self._snapshot()}
        return {**told, "parts_ns": parts() or None}

    def do_energy(self, seconds: float) -> dict:
        """Meters read while nothing runs, and as long while inferences do."""
        self._time(1)  # says at once if nothing can be run
        return energy.measure(lambda: self._time(1), seconds, self._root)

    def do_paced(self, period_ns: int, count: int) -> dict:
        """Runs that are due every `period_ns`, whether the one before is done or not."""
        session, inputs = self._ready()
        before = self._snapshot()
        told = paced(session.run, inputs, period_ns, count)
        return {**told, "before": before, "after": self._snapshot()}

    def do_streams(self, streams: int, seconds: float) -> dict:
        """So many sessions of the artifact side by side, for so long."""
        session, inputs = self._ready()
        while len(self._beside) < streams - 1:
            self._beside.append(self._open_another())
        before = self._snapshot()
        told = drive([session, *self._beside[: streams - 1]], inputs, seconds)
        about = {"before": before, "after": self._snapshot()}
        return {"streams": told, "peak_rss_bytes": memory.peak_rss_bytes(), **about}

    def do_evict(self, paths: list) -> dict:
        """Drop files from the page cache."""
        return page_cache.evict(paths)

    def do_fill(self, paths: list) -> dict:
        """Read files into the page cache."""
        return page_cache.fill(paths)

    def do_readings(self) -> dict:
        """What the machine says of itself now."""
        return {"readings": self._snapshot()}

    def do_profile(self, runs: int) -> dict:
        """Where the time of an inference goes: by the runtime's own profiler, every run."""
        session, inputs = self._ready()
        return {"profile": session.profile(inputs, runs)}

    def do_canary(self) -> dict:
        """A fixed piece of work that needs no runtime: notices a machine that slowed down."""
        return canary.run()

    def do_bandwidth(self, threads: int, seconds: float) -> dict:
        """How fast so many threads move what lies in each cache, and in memory."""
        from edgeopt.runner import bandwidth  # few ask

        return bandwidth.measure(threads, seconds, self._root)

    def _snapshot(self) -> dict:
        return {**self._glance.told(), **self.idle.told()}

    def _ready(self) -> tuple:
        """The session and its inputs."""
        session = self._opened()
        if not self._inputs:
            raise ValueError("no inputs; send `inputs` first")
        return session, self._inputs

    def _time(self, count: int) -> list:
        session, inputs = self._ready()
        times = durations(session.run, inputs, self._next, count)
        self._next += count
        return times


def _stages(session, whole_ns: int) -> dict:
    """Reading and compiling apart, where the runtime's session tells them apart."""
    one_step = {"compile_ns": "this runtime loads and compiles in one step"}
    told = {"load_ns": whole_ns, "compile_ns": None, "why_null": one_step}
    return {**told, **getattr(session, "stages", {})}


def _write(path, array):
    np.save(path, array)
    return {"dtype": array.dtype.name, "shape": list(array.shape[1:])}


def _own(sample):
    """A contiguous copy in memory, an array also for a scalar."""
    return np.array(sample, order="C")
