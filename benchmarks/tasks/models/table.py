"""The zoo: models of tasks by name, each made by one function of the folder it is to lie in.

    python -m benchmarks.tasks.models.table [MODEL ...] [--place runs/tasks]

Prepares them, and prints the figures of the float models on samples that nothing has seen.
"""

from __future__ import annotations

import argparse
import importlib
import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.one_of import one_of
from benchmarks.tasks.models import prepared
from benchmarks.tasks.models.prepared import Prepared

#: Name -> the module of this package whose `prepare` makes it, and what is special about it.
_MODULES = {
    "digits-detector": "digits_detector",  # trained, half an hour; YOLOv8's head; .pt2 for pruning
    "digits-segmenter": "digits_segmenter",  # trained, five minutes; U-Net; .pt2 for pruning
    "characters": "characters",  # ddddocr: YOLOX's head, opset 11
    "text-reader": "text_reader",  # PP-OCRv4: CTC
    "text-finder": "text_finder",  # PP-OCRv4: DB
    "voice": "voice",  # Silero: a memory; needs espeak-ng
    "person": "person",  # MediaPipe: .tflite, an operator of its own; by agreement
    "faces": "faces",  # BlazeFace: .tflite, key points; by agreement
    "face-points": "face_points",  # MediaPipe: .tflite, 468 points; by agreement
    "objects": "objects",  # CenterNet of npm's @vladmandic/human: from TF.js; by agreement
    "figures": "figures",  # MoveNet, from there too: int32 input; by agreement
    "pages": "pages",  # PicoDet: eight outputs
    "sentences": "sentences",  # MiniLM: embeddings
    "two-towers": "two_towers",  # trained, a minute; ranking
}


def _prepare(module: str, place: Path) -> Prepared:
    found: Prepared = importlib.import_module(f"{__package__}.{module}").prepare(place.resolve())
    return found


MODELS: dict[str, Callable[[Path], Prepared]] = {
    name: partial(_prepare, module) for name, module in _MODULES.items()
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("models", nargs="*", type=one_of(MODELS))
    parser.add_argument("--place", type=Path, default=Path("runs/tasks"))
    call = parser.parse_args()
    call.place.mkdir(parents=True, exist_ok=True)
    for name in call.models or MODELS:
        began = time.monotonic()
        one = MODELS[name](call.place)
        made_s = round(time.monotonic() - began, 1)
        held = one.held()
        figures = prepared.figures(one, prepared.outputs(one, held.inputs), held)
        print(json.dumps({"model": name, "file": str(one.model), "made_s": made_s, **figures}))


if __name__ == "__main__":
    main()
