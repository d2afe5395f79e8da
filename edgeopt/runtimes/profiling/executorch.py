"""ExecuTorch's event tracer: XNNPACK's operators, and the portable kernels of what it left."""

from __future__ import annotations

import os
import tempfile

from edgeopt.runtimes.profiling.litert import xnnpack

HOW = "ExecuTorch's event tracer (XNNPACK's own times)"

_INFERENCE = "Method::execute"
_KERNEL = "native_call_"


class Profiled:
    """A program with the tracer on.

    Args:
        lib: ExecuTorch's module. torch: its tensors' module.
        read: what makes a dump of the bytes of its file.

    Raises:
        ValueError: this package is built without a tracer.
    """

    def __init__(self, lib, torch, read, path: str, method: str) -> None:
        self._torch, self._read = torch, read
        self._program = lib._load_program(path, enable_etdump=True)
        if not self._program.has_etdump():
            raise ValueError("this ExecuTorch package is built without its event tracer")
        self._method = self._program.load_method(method)

    def run(self, arrays: list) -> None:
        self._method([self._torch.from_numpy(array) for array in arrays], False)

    def finish(self) -> tuple:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "events.etdp")
            self._program.write_etdump_result_to_file(path, os.path.join(folder, "none.bin"))
            with open(path, "rb") as file:
                runs = by_run(_events(self._read(file.read())))
        first = runs[0] if runs else []
        operators = {(i, name): _about(name) for i, (name, _) in enumerate(first)}
        rows = [{(i, name): ns for i, (name, ns) in enumerate(run)} for run in runs]
        return operators, rows


def _events(dump) -> list:
    """(name, is XNNPACK's, ns) of every timed event, in order."""
    events = [e.profile_event for run in dump.run_data for e in run.events or []]
    return [
        (
            event.delegate_debug_id_str or event.name or "",
            bool(event.delegate_debug_id_str),
            event.end_time - event.start_time,
        )
        for event in events
        if event is not None
    ]


def by_run(events: list) -> list:
    """The operators of each inference, (name, ns): one ends with an event of its own."""
    runs: list = []
    open_run: list = []
    for name, delegated, ns in events:
        if name == _INFERENCE:
            runs.append(open_run)
            open_run = []
        elif delegated or name.startswith(_KERNEL):
            open_run.append((name, ns))
    return runs


def _about(name: str) -> dict:
    if not name.startswith(_KERNEL):
        return xnnpack(name.partition(" #")[0])
    kind = name[len(_KERNEL) :].partition(".")[0]
    return {
        "name": kind,
        "type": kind,
        "precision": None,
        "output": None,
        "detail": "portable kernel",
        "layers": [],
        "fallback": True,
    }
