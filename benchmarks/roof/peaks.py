"""The roof's peaks and bandwidth against independent kernels, in turns, on this machine.

    python -m benchmarks.roof.peaks [--threads 1] [--seconds 120] [--out peaks.json]

Peaks: every kernel of `edgeopt/roof/kernels.py` and torch's products (`torch.mm` in fp32 and bf16,
`torch._int_mm` in int8, squares of 512 and 1024), each for about 20 ms in turn, until the time is
over. The best run of each counts. Bandwidth: the runner's `bandwidth` and a loop in C
(`bandwidth.c`, compiled here by gcc with -O3 -march=native) on rows of the same size, in turns as
well; with one thread.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from edgeopt.devices.local import Local
from edgeopt.harness.client import Client, RunnerFailed
from edgeopt.roof.kernels import KERNELS
from edgeopt.roof.timing import Timing

HERE = Path(__file__).parent
SIZES = (512, 1024)
TURN_S = 0.02


class Product:
    """torch's product of two squares in one arithmetic; the best run so far."""

    def __init__(self, arithmetic: str, size: int) -> None:
        self.arithmetic, self._size, self._best_s = arithmetic, size, float("inf")
        a, b = torch.randn(size, size), torch.randn(size, size)
        if arithmetic == "int8":
            a, b = (torch.randint(-127, 127, (size, size), dtype=torch.int8) for _ in "ab")
        if arithmetic == "bf16":
            a, b = a.bfloat16(), b.bfloat16()
        multiply = torch._int_mm if arithmetic == "int8" else torch.mm
        self._call: Callable[[], Any] = lambda: multiply(a, b)
        self._call()

    def turn(self) -> None:
        end = time.perf_counter() + TURN_S
        while time.perf_counter() < end:
            start = time.perf_counter()
            self._call()
            self._best_s = min(self._best_s, time.perf_counter() - start)

    @property
    def per_s(self) -> float:
        return self._size**3 / self._best_s


def peaks(threads: int, seconds: float, work: Path) -> dict[str, Any]:
    """By arithmetic: each kernel's billions a second, torch's, and the roof over torch."""
    torch.set_num_threads(threads)
    products = [Product(name, size) for name in ("fp32", "bf16", "int8") for size in SIZES]
    with contextlib.ExitStack() as stack:
        device = Local()
        stack.callback(device.close)
        timings = list(_timings(stack, device, threads, work))
        end = time.monotonic() + seconds
        rounds = 0
        while time.monotonic() < end:
            rounds += 1
            for timing in timings:
                timing.turn()
                for product in products:
                    if product.arithmetic == timing.ran:
                        product.turn()
        found = {timing.kernel.title: timing.peak for timing in timings}
    table: dict[str, Any] = {"rounds": rounds}
    for name in ("fp32", "bf16", "int8"):
        own = {t: p.multiply_adds_per_s / 1e9 for t, p in found.items() if p.arithmetic == name}
        theirs = max(product.per_s / 1e9 for product in products if product.arithmetic == name)
        ratio = max(own.values()) / theirs if own else None
        table[name] = {"kernels": own, "torch": theirs, "roof_over_torch": ratio}
    return table


def _timings(
    stack: contextlib.ExitStack, device: Local, threads: int, work: Path
) -> Iterator[Timing]:
    for kernel in (one for one in KERNELS if one.asked != "fp16"):  # torch has no such peak here
        with contextlib.suppress(RunnerFailed, ImportError):
            yield stack.enter_context(
                Timing(kernel, device, threads, work, work / "runner.log", 600)
            )


def bandwidth(seconds: float, work: Path) -> dict[str, Any]:
    """By level: the runner's billions of bytes a second, the C loop's, and their ratio."""
    program = work / "bandwidth"
    source = str(HERE / "bandwidth.c")
    subprocess.run(["gcc", "-O3", "-march=native", source, "-o", str(program)], check=True)
    device = Local()
    own: dict[str, float] = {}
    theirs: dict[str, float] = {}
    with contextlib.closing(device), Client(device, work / "runner.log") as client:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            told = client.request("bandwidth", 600, threads=1, seconds=1.0)
            for level in told.levels:
                rate = max(level.read_bytes_per_s, level.copy_bytes_per_s) / 1e9
                own[level.level] = max(own.get(level.level, 0.0), rate)
                done = subprocess.run(
                    [program, str(level.row_bytes)], check=True, capture_output=True, text=True
                )
                best = max(float(word) for word in done.stdout.split())
                theirs[level.level] = max(theirs.get(level.level, 0.0), best)
    return {
        name: {"roof": own[name], "c": theirs[name], "ratio": own[name] / theirs[name]}
        for name in own
    }


def main() -> None:
    """Measure, and write what was found with how and where."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--out", type=Path, default=HERE / "peaks.json")
    asked = parser.parse_args()
    found: dict[str, Any] = {
        "how": "python -m benchmarks.roof.peaks",
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "processor": platform.processor() or platform.machine(),
        "torch": torch.__version__,
        "threads": asked.threads,
        "seconds": asked.seconds,
        "load_before": os.getloadavg(),
    }
    with tempfile.TemporaryDirectory(prefix="edgeopt-roof-") as folder:
        found["bandwidth"] = bandwidth(asked.seconds / 4, Path(folder))
        asked.out.write_text(json.dumps(found, indent=2) + "\n")
        found["peaks"] = peaks(asked.threads, asked.seconds, Path(folder))
    found["load_after"] = os.getloadavg()
    asked.out.write_text(json.dumps(found, indent=2) + "\n")
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
