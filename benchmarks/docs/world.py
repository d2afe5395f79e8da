"""The files that the commands of a page name, made where they are missing."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

SIDE, CLASSES, SAMPLES = 32, 4, 300
#: Images of a part where a page's detector is followed on a board; all of them in the README.
FOLLOWED = 300
_ROOT = Path(__file__).parents[2]
MINE = """
import numpy as np

data = np.load("eval.npz")


def samples():
    return {"image": data["image"], "labels": data["labels"]}


def score(outputs, labels):
    return outputs.argmax(-1) == labels
"""


def make(folder: Path, page: Path, models: Path) -> None:
    """A new folder with programs, and the files that this page's commands name."""
    shutil.rmtree(folder, ignore_errors=True)
    _programs(folder / "bin")
    text = page.read_text("utf-8")
    _scripts(folder, text)
    if re.search(r"model\.(onnx|pt2|keras)", text):
        classifier(folder, "--slice-by camera" in text)
    for what, file in (("program", "model.pt2"), ("keras", "model.keras")):
        if file in text:
            _run(folder, what, file)
    if "our-board.toml" in text:
        profile = (_ROOT / "docs" / "targets.md").read_text("utf-8")
        board = re.search(r"^```toml\n(.*?)^```$", profile, re.MULTILINE | re.DOTALL)
        (folder / "our-board.toml").write_text(board[1] if board else "")
    if "best.onnx" in text or "digits-detector.onnx" in text:
        detector(folder, models, None if page.name == "README.md" else FOLLOWED)


def _programs(folder: Path) -> None:
    folder.mkdir(parents=True)
    for name, words in {"edgeopt": " -P -m edgeopt", "python": ""}.items():
        script = f'#!/bin/sh\nPYTHONPATH={_ROOT} exec {sys.executable}{words} "$@"\n'
        (folder / name).write_text(script)
        (folder / name).chmod(0o755)


def _scripts(folder: Path, text: str) -> None:
    """tiny.py and train.py, as the page shows them; what tiny.py makes."""
    for name, mark in {"tiny.py": "numpy_helper.from_array", "train.py": "skops"}.items():
        for block in re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
            if mark in block:
                (folder / name).write_text(block)
    if (folder / "tiny.py").exists():
        subprocess.run([sys.executable, "tiny.py"], cwd=folder, check=True)


def _run(folder: Path, what: str, file: str) -> None:
    """In a process of its own: PyTorch and TensorFlow stay out of this one."""
    argv = [sys.executable, "-m", "benchmarks.docs.nets", what, str(folder / file)]
    subprocess.run(argv, cwd=_ROOT, check=True)


def classifier(folder: Path, cameras: bool) -> None:
    """model.onnx, whose height and width are open, eval.npz, photos/CLASS/*.png and mine.py."""
    import onnxruntime

    from benchmarks.docs.nets import onnx_classifier

    rng = np.random.default_rng(0)
    onnx_classifier(folder / "model.onnx", CLASSES)
    images = rng.normal(size=(SAMPLES, 3, SIDE, SIDE)).astype(np.float32)
    session = onnxruntime.InferenceSession(folder / "model.onnx")
    answers = np.concatenate([session.run(None, {"image": one[None]})[0] for one in images])
    labels = np.where(
        rng.random(SAMPLES) < 0.1, rng.integers(CLASSES, size=SAMPLES), answers.argmax(1)
    )
    more = {"camera": np.arange(SAMPLES) % 3} if cameras else {}
    np.savez(folder / "eval.npz", image=images, labels=labels, **more)
    np.savez(folder / "data.npz", image=images, labels=labels)
    np.savez(folder / "train.npz", image=images[::-1] * 0.9, labels=labels[::-1])
    (folder / "mine.py").write_text(MINE)
    _photos(folder / "photos", rng)


def _photos(folder: Path, rng: np.random.Generator) -> None:
    """40 pictures of each class: noise around a colour of its own."""
    from PIL import Image

    for number in range(CLASSES):
        (folder / str(number)).mkdir(parents=True)
        colour = rng.integers(40, 215, size=3)
        for i in range(40):
            pixels = np.clip(rng.normal(colour, 40, size=(64, 64, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).resize((256, 256)).save(folder / str(number) / f"{i}.png")


def detector(folder: Path, models: Path, most: int | None) -> None:
    """best.onnx, data.yaml, photo.jpg and photos/: the contest's detector.

    It is trained where it is not there (an hour).

    Args:
        most: images of `val` and of `test`; None: all.
    """
    from benchmarks.tasks.models.table import MODELS

    models.mkdir(parents=True, exist_ok=True)
    prepared = MODELS["digits-detector"](models.resolve())
    for name in ("best.onnx", "digits-detector.onnx"):
        shutil.copy(prepared.model, folder / name)
    place = Path(prepared.data).resolve()
    text = place.read_text("utf-8")
    for part in ("val", "test") if most else ():
        images = sorted((place.parent / "images" / part).iterdir())[:most]
        (folder / f"{part}.txt").write_text("".join(f"{one}\n" for one in images))
        text = re.sub(rf"(?m)^{part}:.*$", f"{part}: {folder / part}.txt", text)
    kept = re.sub(r"(?m)^path:.*\n", "", text)
    (folder / "data.yaml").write_text(f"path: {place.parent}\n{kept}", "utf-8")
    (folder / "photos").mkdir(exist_ok=True)
    for image in sorted((place.parent / "images" / "test").iterdir())[:20]:
        shutil.copy(image, folder / "photos")
        shutil.copy(image, folder / "photo.jpg")


def ready(command: str, folder: Path) -> None:
    """Model files that a command names and nobody made: artifacts of this folder's runs."""
    for word in shlex.split(command):
        file = folder / word
        if file.suffix in (".onnx", ".tflite") and "bench" in command and not file.exists():
            made = sorted(folder.glob(f"runs/*/artifacts/*/*{file.suffix}"))
            shutil.copy(made[len(word) % len(made)], file)
