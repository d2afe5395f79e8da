"""What the bundle of a folded model does with floats, with the other layout, and with pixels."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

from benchmarks.faults.case import Case, Outcome
from benchmarks.faults.small import one_runtime, pictures

MEAN, SCALE = 127.0, 0.0078125


def make(folder: Path) -> tuple[str, str]:
    one_runtime(folder, "litert")
    return pictures(folder, MEAN, SCALE)


def right(outcome: Outcome) -> list[str]:
    if outcome.code != 0 or outcome.chosen is None:
        return [f"exit status {outcome.code}, nothing chosen"]
    folder = outcome.folder / "run" / "one"
    with np.load(outcome.folder / "data.npz") as data:
        given, labels = data["image"], data["labels"]
    pixels = np.rint(given / SCALE + MEAN).astype(np.uint8).transpose(0, 2, 3, 1)
    code, told, answers = _ask(folder, pixels)
    if code or answers is None:
        return [f"pixels as they are: {told}"]
    wrong = []
    share = (answers.reshape(len(labels), -1)[:, 0] == labels).mean()
    if share < 0.95:
        wrong.append(f"of the pixels' classes {share:.2f} are right")
    if answers.dtype != np.int64:
        wrong.append(f"its classes are {answers.dtype}, not int64")
    channels_first = pixels.transpose(0, 3, 1, 2)
    for name, array in (("floats", given), ("whole floats", pixels.astype(np.float32)),
                        ("channels first", channels_first), ("beyond", pixels.astype(int) + 99),
                        ("flat", pixels.reshape(len(pixels), -1))):  # fmt: skip
        code, told, _ = _ask(folder, array)
        if code == 0 or "wanted: image: uint8 [n, 8, 10, 3], pixels from 0 to 255" not in told:
            wrong.append(f"{name}: exit status {code}, {told[-200:]}")
    return wrong


def _ask(bundle: Path, array: np.ndarray) -> tuple[int, str, np.ndarray | None]:
    given, got = bundle.parent / "in.npz", bundle.parent / "out.npz"
    got.unlink(missing_ok=True)
    np.savez(given, image=array)
    command = [sys.executable, str(bundle / "run.py"), str(given), str(got)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        return done.returncode, done.stderr, None
    with np.load(got) as found:
        [answers] = [found[name] for name in found.files]
    return 0, "", answers


CASE = Case(
    about="a folded bundle (uint8, channels last, argmax) that is given something else",
    make=make,
    right=right,
    options=("--max-drop", "5%", "--quick", "--fold-input",
             f"mean={MEAN:g},scale={SCALE},layout=nhwc", "--fold-output", "argmax"),
    target="./one.toml",
)  # fmt: skip
