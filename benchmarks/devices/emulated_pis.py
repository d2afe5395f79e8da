"""EfficientNet-Lite0 on emulated Raspberry Pis: do fp32 and int8 answer there as they do here?

    python -m benchmarks.devices.emulated_pis [--boards NAME ...] [--out FILE]

The demo's model and photos; LiteRT and ONNX Runtime, fp32 and static int8. Each artifact is made
once here and answered on every board; nothing is timed. Needs `apt-get install qemu-user-static`
and the network once. Writes JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from benchmarks.demo import crops, model
from edgeopt import convert, targets
from edgeopt.devices.emulated import Emulated
from edgeopt.domain.progress import Listener
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.record import Record
from edgeopt.domain.run import Constraints
from edgeopt.pipeline.call import Call
from edgeopt.pipeline.emulation import emulate
from edgeopt.pipeline.intake import take_in
from edgeopt.pipeline.places import Place
from edgeopt.pipeline.station import Station
from edgeopt.pipeline.workbench import Workbench
from edgeopt.report.progress import Progress
from edgeopt.store import run_folder

BOARDS = ("raspberry-pi-3b-plus", "raspberry-pi-4", "raspberry-pi-5")
CANDIDATES = [
    (runtime, p) for runtime in ("litert", "onnxruntime") for p in ("fp32", "int8-static")
]


def photos() -> dict[str, np.ndarray]:
    """Every fourth of the demo's crops that choose: an emulated core answers slowly."""
    return {name: array[::4] for name, array in crops.choose().items()}


def recipes() -> list[Recipe]:
    """The candidates, one thread each."""
    return [
        Recipe(runtime=runtime, precision=p, quantization=convert.load(runtime).recipe(p))
        for runtime, p in CANDIDATES
    ]


def run(boards: list[str], work: Path, progress: Listener) -> dict[str, list[Record]]:
    """{board: its records}."""
    source = work / "efficientnet-lite0.pt2"
    model.write(source)
    call = Call(
        model=source,
        targets=tuple(boards),
        data="benchmarks.devices.emulated_pis:photos",
        calibration="benchmarks.demo.crops:calibrate",
        confirm="benchmarks.demo.crops:confirm",
        metric="agreement",
        constraints=Constraints(max_drop=0.04),
        out=work / "run",
    )
    (work / "scratch").mkdir()
    intake = take_in(call, work / "scratch", progress)
    folder, _ = run_folder.create(call.out, intake.request)
    found = {}
    with Workbench(call, intake, folder, progress) as bench:
        for profile in intake.profiles:
            device = Emulated(profile)
            shop = bench.shop(bench.local)
            made = Station(bench, shop, Place(profile)).candidates(recipes())
            found[profile.name] = emulate(shop, device, made, progress)
            device.close()
    return found


def row(record: Record) -> dict[str, Any]:
    """What one artifact did on one board, beside its score here."""
    return {
        "runtime": record.runtime,
        "precision": record.precision,
        "status": record.status,
        "reason": record.reason,
        "score_here": msgspec.to_builtins(record.score),
        "emulation": msgspec.to_builtins(record.emulation),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--boards", nargs="+", choices=targets.names(), default=list(BOARDS))
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".json"))
    options = parser.parse_args()
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch, Progress(sys.stderr) as progress:
        found = run(options.boards, Path(scratch), progress)
    boards = {name: [row(record) for record in records] for name, records in found.items()}
    result = {"seconds": round(time.monotonic() - start), "boards": boards}
    options.out.write_text(json.dumps(result, indent=1) + "\n")
    for name, rows in boards.items():
        for one in rows:
            print(name, one["runtime"], one["precision"], one["status"], one["reason"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
