"""Which files an artifact is made of."""

from __future__ import annotations

import mmap
import os
import shutil
from pathlib import Path

from edgeopt import runtimes
from edgeopt.domain.artifact import Artifact
from edgeopt.jobs import on_disk
from edgeopt.store import stored

MANIFEST = "artifact.json"


def manifest(path: Path) -> Artifact | None:
    """What a run says of an artifact, in a file beside it; None where it says nothing.

    Raises:
        BadInput: that file cannot be read.
    """
    beside = path.with_name(MANIFEST)
    if on_disk.kind(beside) != "file":
        return None
    hint = f"Copy {path.name} into a folder of its own to time it without its options."
    return stored.value(beside, Artifact, "record of an artifact", hint)


def files_of(path: Path) -> list[Path]:
    """The file that a session opens, and all that are read with it.

    What a run made has a list of its files. Of any other model these count: its weights beside it
    (model.xml and model.bin), and of an .onnx file those beside it whose names stand in it, which
    is how ONNX points to weights outside of the file.
    """
    artifact = manifest(path)
    if artifact is not None and path.name in artifact.files:
        return sorted(path.with_name(name) for name in artifact.files)
    if path.suffix.lower() == ".onnx":
        others = [other for other in path.parent.iterdir() if other.is_file() and other != path]
        return sorted([path, *_named_in(path, others)])
    opener = runtimes.suffixes().get(path.suffix.lower())
    suffix = runtimes.spec(opener).weights if opener else ""
    weights = path.with_suffix(suffix or path.suffix)
    return sorted({path, weights}) if weights.is_file() else [path]


def _named_in(path: Path, others: list[Path]) -> list[Path]:
    if path.stat().st_size == 0:
        return []
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
        return [other for other in others if text.find(other.name.encode()) >= 0]


def alone(path: Path, folder: Path) -> Path:
    """A folder, made here, that holds a model's files and nothing else."""
    folder.mkdir(parents=True)
    for file in files_of(path):
        try:
            os.link(file, folder / file.name)
        except OSError:  # another disk
            shutil.copyfile(file, folder / file.name)
    return folder
