"""Two models on emulated Raspberry Pis: do fp32 and int8 answer there as they do here?

    python -m benchmarks.devices.emulated_pis [--boards NAME ...] [--models NAME ...]
        [--fp32 N] [--int8 N] [--out FILE]

EfficientNet-Lite0 with the demo's photos, and the digits classifier of the tests; LiteRT and ONNX
Runtime, fp32 and static int8. Each artifact is made once here and answered on every board; nothing
is timed. Needs `apt-get install qemu-user-static` and the network once. Writes JSON, anew after
each board, so that what was found is kept where it is stopped.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from benchmarks.demo import crops, model
from benchmarks.integers import usual_here
from edgeopt import targets
from edgeopt.devices.emulated import Emulated
from edgeopt.domain.progress import Listener
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.record import Record
from edgeopt.domain.run import Constraints
from edgeopt.pipeline import run_context
from edgeopt.pipeline.call import Call
from edgeopt.pipeline.emulated_answers import USUAL, SampleLimit, emulate
from edgeopt.pipeline.intake import take_in
from edgeopt.pipeline.placement import Placement
from edgeopt.pipeline.target_run import at_work
from edgeopt.report.progress import Progress
from edgeopt.search.space import Space
from edgeopt.store import atomic, run_folder

ROOT = Path(__file__).parents[2]
LIMIT_S = 7200.0  # of a step: emulated cores are slow, and the machine may be busy
BOARDS = ("raspberry-pi-3b-plus", "raspberry-pi-4", "raspberry-pi-5")
CANDIDATES = [
    (runtime, p) for runtime in ("litert", "onnxruntime") for p in ("fp32", "int8-static")
]


@dataclass(frozen=True)
class Subject:
    """A model with its data.

    Attributes:
        call: (a folder for its files, targets) -> what is asked.
        fp32, int8: how many samples each is answered on.
    """

    call: Callable[[Path, Sequence[str]], Call]
    fp32: SampleLimit = USUAL
    int8: SampleLimit = USUAL


def photos() -> dict[str, np.ndarray]:
    """Every other one of the demo's crops that choose: 100."""
    return {name: array[::2] for name, array in crops.choose().items()}


def efficientnet(work: Path, boards: Sequence[str]) -> Call:
    """Agreement with the source: ImageNet's labels are not at hand."""
    source = work / "efficientnet-lite0.pt2"
    model.write(source)
    return Call(
        model=source,
        targets=tuple(boards),
        data="benchmarks.devices.emulated_pis:photos",
        calibration="benchmarks.demo.crops:calibrate",
        confirm="benchmarks.demo.crops:confirm",
        metric="agreement",
        constraints=Constraints(max_drop=0.04),
        out=work / "run",
        step_timeout_s=LIMIT_S,
    )


def digits(work: Path, boards: Sequence[str]) -> Call:
    """The classifier of scikit-learn's digits that the tests train, with labels."""
    train = ROOT / "tests" / "pipeline" / "train_digits.py"
    subprocess.run([sys.executable, str(train), str(work)], check=True)
    with np.load(work / "digits.npz") as arrays:
        data = {"input": arrays["image"], "labels": arrays["labels"]}
    return Call(
        model=work / "digits.pt2",
        targets=tuple(boards),
        data=data,
        metric="accuracy",
        constraints=Constraints(max_drop=0.03),
        out=work / "run",
        step_timeout_s=LIMIT_S,
    )


#: An emulated core takes about 3 s for EfficientNet-Lite0 in fp32, 0.4 s in int8.
MODELS = {
    "digits": Subject(digits),
    "efficientnet-lite0": Subject(
        efficientnet, fp32=SampleLimit(32, float("inf")), int8=SampleLimit(100, float("inf"))
    ),
}


def recipes() -> list[Recipe]:
    """The candidates, one thread each."""
    return [
        Recipe(runtime=runtime, precision=p, quantization=usual_here(runtime, p))
        for runtime, p in CANDIDATES
    ]


def run(
    subject: Subject,
    boards: Sequence[str],
    work: Path,
    progress: Listener,
    keep: Callable[[str, list[Record]], None],
) -> None:
    """One model on every board.

    Args:
        keep: told the records of each board.
    """
    call = subject.call(work, boards)
    (work / "scratch").mkdir()
    intake = take_in(call, work / "scratch", progress)
    folder, _ = run_folder.create(call.out, intake.request)
    with run_context.opened(call, intake, folder, progress) as context:
        for profile in intake.profiles:
            device = Emulated(profile)
            run = at_work(context, Placement(profile), Space(tuple(recipes()), ()))
            made, evaluator = run.evaluated(recipes()), run.evaluator
            floats = [r for r in made if r.precision == "fp32"]
            others = [r for r in made if r.precision != "fp32"]
            found = emulate(evaluator, device, floats, progress, subject.fp32)
            found += emulate(evaluator, device, others, progress, subject.int8)
            device.close()
            keep(profile.name, found)


def asked(subject: Subject, fp32: int | None, int8: int | None) -> Subject:
    """The model with other numbers of samples, where they were given."""
    return replace(
        subject,
        fp32=replace(subject.fp32, samples=fp32 or subject.fp32.samples),
        int8=replace(subject.int8, samples=int8 or subject.int8.samples),
    )


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


def line(record: Record) -> str:
    """The same in a line."""
    words = [record.target, record.runtime, record.precision, record.status, record.reason]
    found = record.emulation
    if found is None or found.drop is None:
        return " ".join(words)
    output = found.outputs[0]
    decibels = "to the bit" if output.sqnr_db is None else f"{output.sqnr_db:.1f} dB"
    drop = f"drop {found.drop.value:.4g} ({found.drop.low:.4g} to {found.drop.high:.4g})"
    same = f"{100 * output.equal:.2f} % equal, {decibels}, at most {output.max_abs:.3g}"
    memory = f"{(found.rss_bytes or 0) / 1e6:.0f} MB"
    return " ".join([*words, f"n {found.n};", f"{drop};", f"{same};", memory])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--boards", nargs="+", choices=targets.names(), default=list(BOARDS))
    parser.add_argument("--models", nargs="+", choices=list(MODELS), default=list(MODELS))
    parser.add_argument("--fp32", type=int, metavar="N", help="samples of fp32")
    parser.add_argument("--int8", type=int, metavar="N", help="samples of int8")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".json"))
    options = parser.parse_args()
    result: dict[str, Any] = {"v": 2}
    for name in options.models:
        boards: dict[str, Any] = {}
        result[name] = boards

        def keep(board: str, records: list[Record], boards: dict[str, Any] = boards) -> None:
            boards[board] = [row(record) for record in records]
            atomic.write(options.out, json.dumps(result, indent=1).encode() + b"\n")
            print("\n".join(map(line, records)), flush=True)

        with tempfile.TemporaryDirectory() as scratch, Progress(sys.stderr) as progress:
            subject = asked(MODELS[name], options.fp32, options.int8)
            run(subject, options.boards, Path(scratch), progress, keep)
    return 0


if __name__ == "__main__":
    sys.exit(main())
