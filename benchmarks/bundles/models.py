"""Three real models with data, small enough for a bundle of each to be made in a minute."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.compression import mnist, networks
from benchmarks.demo.packages import folder
from benchmarks.tasks.models import text_reader


@dataclass(frozen=True)
class Model:
    """A file, and samples {input: [n, ...]} with "labels" or judged by agreement.

    Attributes:
        precisions: what is tried, the baseline's fp32 apart.
    """

    path: Path
    data: dict[str, np.ndarray]
    precisions: tuple[str, ...] = ("fp32",)


def digits(place: Path) -> Model:
    """A MobileNetV2-like classifier, trained on 2,600 digits of MNIST; 400 others judge."""
    images, labels = mnist.digits()
    path = networks.baseline(
        networks.SmallMobileNet(),
        images[mnist.TRAIN], labels[mnist.TRAIN], 6, place / "digits.pt2", 2,
    )  # fmt: skip
    data = {"image": images[2600:3000], "labels": labels[2600:3000]}
    return Model(path, data, ("int8-static",))


def reader(place: Path) -> Model:
    """PP-OCRv4's reader of text (CTC, 10 MB) on 60 rendered lines."""
    rng = np.random.default_rng(1)
    from PIL import Image

    lines = [text_reader.WAY.apply(Image.fromarray(text_reader.line(rng)[0]))[0] for _ in range(60)]
    path = folder("rapidocr-onnxruntime") / text_reader.MODELS / "ch_PP-OCRv4_rec_infer.onnx"
    return Model(path, {"x": np.stack(lines).astype(np.float32)})


def voice(place: Path) -> Model:
    """Silero's voice detector: sound, a state and a whole number go in, two tensors come out."""
    rng = np.random.default_rng(0)
    sound = rng.normal(0, 0.02, (120, 576))
    time = np.arange(576) / 16000
    for i in range(0, len(sound), 2):
        for harmonic in range(1, 12):
            sound[i] += 0.2 / harmonic * np.sin(2 * np.pi * (90 + i) * harmonic * time)
    path = folder("silero-vad") / "silero_vad" / "data" / "silero_vad_16k_op15.onnx"
    state = rng.normal(0, 0.3, (len(sound), 2, 1, 128))
    return Model(path, {
        "input": sound.astype(np.float32), "state": state.astype(np.float32),
        "sr": np.full(len(sound), 16000, np.int64),
    })  # fmt: skip


MODELS: dict[str, Callable[[Path], Model]] = {
    "digits": digits,
    "reader": reader,
    "voice": voice,
}
