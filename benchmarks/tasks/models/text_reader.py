"""The reader (CTC) of `rapidocr-onnxruntime`, PP-OCRv4, on rendered lines of text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.demo.crops import photos
from benchmarks.demo.packages import folder
from benchmarks.tasks.models import drawn, prepared
from benchmarks.tasks.models.prepared import Held, Prepared
from benchmarks.tasks.models.scenes import crop, painted
from benchmarks.tasks.models.words import words
from edgeopt.datasets.annotations import text_lines
from edgeopt.decoding import ctc
from edgeopt.decoding.preparation import Preparation
from edgeopt.tasks.ctc import Ctc

MODELS = Path("rapidocr_onnxruntime") / "models"
PARTS = {"val": (600, 1), "test": (1000, 2)}
SIZE = (48, 320)
#: RapidOCR 1.4.4, `text_recognize.py`: BGR, -1..1, as high as the input, 0 behind its end.
WAY = Preparation("line", SIZE, (127.5,) * 3, (1 / 127.5,) * 3, fill=127.5, order="bgr")
SAID = "way=line,order=bgr,mean=127.5,scale=0.00784313725,fill=127.5"


def prepare(place: Path) -> Prepared:
    """`ch_PP-OCRv4_rec_infer.onnx`, lines/val.tsv and test.tsv, alphabet.txt of 6,623 letters.

    Input [1, 3, 48, 320] of open width, output [1, 40, 6625] probabilities: the blank is the first,
    a space the last. `test` judges.
    """
    import onnx

    model = folder("rapidocr-onnxruntime") / MODELS / "ch_PP-OCRv4_rec_infer.onnx"
    data = place / "lines"
    for part in PARTS:
        _write(data, part)
    [letters] = [one.value for one in onnx.load(model).metadata_props if one.key == "character"]
    (data / "alphabet.txt").write_text("\n".join(letters.splitlines()) + "\n", "utf-8")

    def held() -> Held:
        there = text_lines.read(data / "test.tsv", data)
        known = text_lines.read_alphabet(data / "alphabet.txt")
        task = Ctc("softmax_11.tmp_0", ctc.alphabet(known, 6625))
        assert there.texts is not None
        return Held({"x": prepared.images(there, WAY)[0]}, (), there.texts, task)

    return Prepared(
        model=model, data=data / "val.tsv",
        options=(
            "--images", str(data), "--alphabet", str(data / "alphabet.txt"),
            "--metric", "cer", "--shape", "x=1x3x48x320", "--preprocess", SAID,
        ),
        measures=("cer", "wer", "exact-match"), held=held, confirm=data / "test.tsv",
        preparation=WAY,
    )  # fmt: skip


def _write(data: Path, part: str) -> None:
    listing = data / f"{part}.tsv"
    if listing.exists():
        return
    (data / part).mkdir(parents=True, exist_ok=True)
    count, seed = PARTS[part]
    rng, rows = np.random.default_rng(seed), []
    for number in range(count):
        image, text = line(rng)
        Image.fromarray(image).save(data / part / f"{number:04}.png")
        rows.append(f"{part}/{number:04}.png\t{text}\n")
    listing.write_text("".join(rows), "utf-8")


def line(rng: np.random.Generator) -> tuple[np.ndarray, str]:
    """uint8[h, w, 3] and what is written on it: a word or two, or a word and a number."""
    first, second = (words()[i] for i in rng.integers(len(words()), size=2))
    others = (first, f"{first} {second}"[:18].strip(), f"{first} {rng.integers(10, 10000)}")
    text = others[rng.integers(3)]
    ink = drawn.ink(text, int(rng.integers(99)), int(rng.integers(16, 40)), rng.uniform(-2, 2))
    above, below, left, right = (int(n) for n in rng.integers(2, 8, 4))
    height, width = ink.shape[0] + above + below, ink.shape[1] + left + right
    _, background = photos()[rng.integers(len(photos()))]
    canvas = crop(background, (width, height), rng)
    here = np.s_[above : above + ink.shape[0], left : left + ink.shape[1]]
    canvas[here] = painted(canvas[here], ink, rng)
    return canvas.round().astype(np.uint8), text
