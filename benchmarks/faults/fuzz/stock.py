"""Good files that broken ones are made from.

    python -m benchmarks.faults.fuzz.stock FOLDER [--heavy]

Light ones need ONNX and scikit-learn; heavy ones PyTorch and TensorFlow, in a process each.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

from benchmarks.faults import small
from edgeopt.jobs import interpreter

#: Beside every case: the model, its data and a target that nothing is timed on.
ALWAYS = ("model.onnx", "data.npz", "one.toml")


def light(folder: Path) -> None:
    """model.onnx, data.npz, one.toml, model.skops, model.joblib, images/, run/."""
    folder.mkdir(parents=True, exist_ok=True)
    small.linear(folder, 4, 8, 0.5, 80)
    small.one_runtime(folder)
    _estimators(folder)
    _images(folder / "images")
    words = ("optimize", "model.onnx", "--target", "./one.toml", "--data", "data.npz")
    command = interpreter.command("-m", "edgeopt.cli", *words, "--quick", "--out", "run")
    there = interpreter.environment()
    subprocess.run(command, cwd=folder, check=True, env=there, capture_output=True)


def heavy(folder: Path) -> None:
    """model.pt2, model.keras, model.h5, model.tflite, saved/."""
    for part in ("torch", "keras"):
        module = "benchmarks.faults.fuzz.stock"
        command = interpreter.command("-m", module, str(folder), f"--{part}")
        quiet = {**interpreter.environment(), "TF_CPP_MIN_LOG_LEVEL": "3"}
        subprocess.run(command, check=True, env=quiet, capture_output=True)


def _estimators(folder: Path) -> None:
    import joblib
    from sklearn.linear_model import LogisticRegression
    from skops import io

    with np.load(folder / "data.npz") as arrays:
        model = LogisticRegression().fit(arrays["x"], arrays["labels"])
    io.dump(model, folder / "model.skops")
    joblib.dump(model, folder / "model.joblib")


def _images(folder: Path) -> None:
    import onnx
    from PIL import Image

    rng = np.random.default_rng(0)
    for label in ("0", "1"):
        (folder / label).mkdir(parents=True, exist_ok=True)
        for number in range(20):
            pixels = rng.integers(0, 256, (10, 12, 3), np.uint8)
            Image.fromarray(pixels).save(folder / label / f"{number}.png")
    pictures = folder.with_name("pictures")
    pictures.mkdir(exist_ok=True)
    small.pictures(pictures, 127, 0.01)
    model = onnx.load(pictures / "model.onnx")
    model.graph.input[0].type.tensor_type.shape.dim[3].dim_value = 8
    onnx.save(model, pictures / "model.onnx")


def _torch(folder: Path) -> None:
    import torch

    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.ReLU(), torch.nn.Linear(8, 4)).eval()
    program = torch.export.export(net, (torch.zeros(1, 8),))
    torch.export.save(program, folder / "model.pt2")


def _keras(folder: Path) -> None:
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(0)
    layers = [keras.Input((8,), name="x"), keras.layers.Dense(8, "relu"), keras.layers.Dense(4)]
    model = keras.Sequential(layers)
    model.save(folder / "model.keras")
    model.save(folder / "model.h5")
    model.export(folder / "saved", verbose=False)
    converter = tf.lite.TFLiteConverter.from_saved_model(str(folder / "saved"))
    (folder / "model.tflite").write_bytes(converter.convert())


def main(words: list[str]) -> None:
    folder, *parts = words
    makers = {"--torch": _torch, "--keras": _keras, "--heavy": heavy, "--light": light}
    for part in parts or ["--light"]:
        makers[part](Path(folder))


if __name__ == "__main__":
    main(sys.argv[1:])
