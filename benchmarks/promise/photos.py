"""EfficientNet-Lite0 chosen by 300 crops of five photos, judged by 2,000 crops of 22 others.

    python -m benchmarks.promise.photos [--groups] [--work runs/photos] [--out FILE]

Once with the photos told (`--groups`), once without. Wrong is a sentence that says "keeps" or
"holds" of a form that loses more than a point on the crops of the other photos.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from benchmarks.compression.judged import artifact_of
from benchmarks.demo import crops, model
from edgeopt import api, runtimes
from edgeopt.domain.record import Record
from edgeopt.domain.run import Run
from edgeopt.runtimes.binding import from_artifact, to_artifact

HERE = Path(__file__).parent
SEEN, EACH = 5, 60
LIMIT = 0.01
CHUNK = 50


def optimized(work: Path, groups: bool) -> Run:
    """The run with its small data; what a folder of before holds is taken up."""
    path = work / "efficientnet-lite0.pt2"
    model.write(path)
    data = crops._crops(crops.photos()[:SEEN], EACH, seed=5)
    if not groups:
        del data["groups"]
    return api.optimize(
        path, str(HERE / "photos.toml"), data, max_drop=LIMIT, budget="quick",
        out=work / ("told" if groups else "untold"), step_timeout_s=1800,
        progress=lambda what, *_: print(what, flush=True),
    )  # fmt: skip


def others(count: int) -> np.ndarray:
    """float32 [count, 3, 224, 224]: crops of the photos that the run has not seen."""
    left = crops.photos()[SEEN:]
    each = -(-count // len(left))
    return crops._crops(left, each, seed=6)["inputs"][:count]


def answers(run: Run, record: Record, samples: np.ndarray) -> np.ndarray:
    """int[n]: the best classes of an artifact, asked in this process."""
    assert record.recipe is not None
    made, path = artifact_of(run, record)
    session = runtimes.load(record.runtime).open_session(str(path), 1, dict(record.recipe.options))
    [into], [out] = made.inputs, made.outputs
    found = []
    for first in range(0, len(samples), CHUNK):
        fed = to_artifact(samples[first : first + CHUNK, None], msgspec.to_builtins(into))
        raw = np.stack([session.run([np.ascontiguousarray(one)])[out.index] for one in fed])
        found.append(from_artifact(raw, msgspec.to_builtins(out)).reshape(len(raw), -1).argmax(1))
    session.close()
    return np.concatenate(found)


def judged(run: Run, count: int) -> dict[str, Any]:
    """What the run said, and what every plain form loses on other photos."""
    samples = others(count)
    whole = [r for r in run.records if r.status == "ok" and r.recipe]
    reference = next(r for r in whole if (r.runtime, r.precision) == ("onnxruntime", "fp32"))
    choice, chosen = run.choices[0], run.chosen
    source = answers(run, reference, samples)
    lost = {}
    for record in whole:
        plain = record.recipe and not record.recipe.settings and record.precision != "fp32"
        if record is chosen or plain or record.precision == "bf16":
            missed = answers(run, record, samples) != source
            lost[str(record.recipe)] = {
                "here": record.drop.judged if record.drop else None,
                "bound": record.drop.bound if record.drop else None,
                "confirmed": record.confirm_drop.judged if record.confirm_drop else None,
                "others": round(float(missed.mean()), 4),
            }
    said = choice.why
    shipped = lost.get(str(chosen.recipe)) if chosen else None
    promised = any(word in said for word in ("keeps", "holds"))
    return {
        "why": said,
        "held": choice.held,
        "warnings": [*choice.warnings, *run.warnings],
        "chosen": str(chosen.recipe) if chosen else None,
        "speed": chosen.versus_baseline.ratio if chosen and chosen.versus_baseline else None,
        "lost": lost,
        "wrong": bool(promised and shipped and shipped["others"] > LIMIT),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--groups", action="store_true")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--work", type=Path, default=Path("runs/photos"))
    parser.add_argument("--out", type=Path, default=HERE / "photos.json")
    options = parser.parse_args()
    found = json.loads(options.out.read_text()) if options.out.exists() else {}
    run = optimized(options.work, options.groups)
    found["groups told" if options.groups else "groups not told"] = judged(run, options.count)
    options.out.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
