"""The reference workloads: real models of packages, or trained here on real data in seconds.

Each has the data of three parts (calibrate, choose, confirm), a metric, and what may be lost. Those
that are trained here give edgeopt their training samples, too: it prunes them.
"""

from __future__ import annotations

import wave
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.demo.packages import folder
from edgeopt.domain.compression import Compression, Training

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Workload:
    """A model file with data that no part of its training saw.

    Attributes:
        calibration, confirm: parts of their own; None: `data` is divided.
        asks: what else is asked of `optimize`, as fields of `pipeline.call.Call`.
    """

    model: Path
    data: Arrays
    metric: str
    max_drop: float
    calibration: Arrays | None = None
    confirm: Arrays | None = None
    asks: dict[str, Any] = field(default_factory=dict)


def _pruned(samples: Arrays, epochs: int, step: float) -> dict[str, Any]:
    """What is asked besides: pruning, with recoveries on these samples."""
    training = Training(epochs=epochs, batch=64)
    return {
        "train": samples,
        "compression": Compression(methods=("prune",), step=step, training=training),
    }


def efficientnet(place: Path) -> Workload:
    """EfficientNet-Lite0 with its ImageNet weights, on crops of photos."""
    from benchmarks.demo import crops, model

    path = place / "efficientnet-lite0.pt2"
    model.write(path)
    return Workload(path, crops.choose(), "agreement", 0.04, crops.calibrate(), crops.confirm())


def digits(place: Path) -> Workload:
    """A small convolutional network on scikit-learn's 8 x 8 digits."""
    import torch
    from sklearn.datasets import load_digits
    from torch import nn

    from benchmarks.compression import networks

    images, labels = load_digits(return_X_y=True)
    images = (images / 16).astype(np.float32).reshape(-1, 1, 8, 8)
    order = np.random.default_rng(0).permutation(len(images))
    seen, held = order[:900], order[900:]
    torch.manual_seed(0)
    module = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(),
        nn.Conv2d(16, 32, 3, padding=1, stride=2), nn.BatchNorm2d(32), nn.ReLU(),
        nn.Flatten(), nn.Linear(512, 10),
    )  # fmt: skip
    path = networks.baseline(module, images[seen], labels[seen], 15, place / "digits.pt2")
    return _trained(path, images, labels, seen, held, 0.01, 30)


def _trained(
    path: Path,
    samples: np.ndarray,
    labels: np.ndarray,
    seen: np.ndarray | slice,
    held: np.ndarray | slice,
    max_drop: float,
    epochs: int,
    step: float = 0.3,
) -> Workload:
    name = _input(path)
    train, data = ({name: samples[part], "labels": labels[part]} for part in (seen, held))
    return Workload(path, data, "accuracy", max_drop, asks=_pruned(train, epochs, step))


def handwritten_digits(place: Path) -> Workload:
    """The MobileNetV2-like network of `mnist.py` on 5,000 handwritten digits."""
    from benchmarks.compression import mnist, networks

    images, labels = mnist.digits()
    seen, held = mnist.TRAIN, slice(mnist.JUDGE.start, mnist.TEST.stop)
    path = place / "mnist.pt2"
    networks.baseline(networks.SmallMobileNet(), images[seen], labels[seen], 6, path, 2)
    return _trained(path, images, labels, seen, held, 0.005, 15, 0.5)


def spoken(place: Path) -> Workload:
    """The network of `spoken_digits.py` on 3,000 spoken digits (13 MFCCs a frame)."""
    from benchmarks.compression import networks, spoken_digits

    sounds, labels = spoken_digits.recordings()
    seen, held = spoken_digits.TRAIN, slice(spoken_digits.JUDGE.start, spoken_digits.TEST.stop)
    path = place / "spoken-digits.pt2"
    networks.baseline(networks.SpokenDigits(), sounds[seen], labels[seen], 25, path)
    return _trained(path, sounds, labels, seen, held, 0.005, 25)


def silero(place: Path) -> Workload:
    """Silero VAD on 30 s of labelled speech; each window with the state that the fp32 had then."""
    import onnxruntime

    path = folder("silero-vad") / "silero_vad" / "data" / "silero_vad_16k_op15.onnx"
    windows, labels = _speech()
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    state, states = np.zeros((2, 1, 128), np.float32), []
    for window in windows:
        states.append(state)
        feed = {"input": window[None], "state": state, "sr": np.array(16000)}
        _, state = session.run(None, feed)
    rates = np.full(len(windows), 16000, np.int64)
    data = {"input": windows, "state": np.stack(states), "sr": rates, "labels": labels}
    return Workload(path, data, "accuracy", 0.01)


def _speech() -> tuple[np.ndarray, np.ndarray]:
    """Windows of 512 samples with the 64 before them [n, 576], and whether somebody speaks."""
    place = folder("pyannote-audio") / "pyannote" / "audio" / "sample"
    with wave.open(str(place / "sample.wav")) as file:
        raw = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    sound = np.concatenate([np.zeros(64, np.float32), raw.astype(np.float32) / 32768])
    count = len(raw) // 512
    windows = np.stack([sound[i * 512 : i * 512 + 576] for i in range(count)])
    middles, labels = (np.arange(count) + 0.5) * 512 / 16000, np.zeros(count, np.int64)
    for line in (place / "sample.rttm").read_text().splitlines():
        start, length = (float(word) for word in line.split()[3:5])
        labels[(middles >= start) & (middles < start + length)] = 1
    return windows, labels


def _input(path: Path) -> str:
    """The name of an exported program's only input."""
    import torch

    [name] = torch.export.load(path).graph_signature.user_inputs
    return str(name)


WORKLOADS: dict[str, Callable[[Path], Workload]] = {
    "efficientnet-lite0": efficientnet,
    "digits": digits,
    "mnist": handwritten_digits,
    "spoken-digits": spoken,
    "silero-vad": silero,
}
