"""Files of a folder as bytes, on their way between machines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from edgeopt.domain.errors import BadInput

FileSet = dict[str, bytes]
"""Path below a folder, with slashes -> content."""


def read(folder: Path, paths: Iterable[Path]) -> FileSet:
    """Files below `folder`; of a folder among `paths` all that is in it."""
    found: FileSet = {}
    for path in paths:
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.is_file():
                found[file.relative_to(folder).as_posix()] = file.read_bytes()
    return found


def write(files: Mapping[str, bytes], folder: Path) -> None:
    """Write them below `folder`.

    Raises:
        BadInput: a path leads out of it.
    """
    for name, content in files.items():
        parts = PurePosixPath(name)
        if parts.is_absolute() or ".." in parts.parts:
            raise BadInput(f"a worker names a file outside the study's folder: {name!r}.")
        path = folder / parts
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def trained(folder: Path) -> FileSet:
    """What a trial's folder has of a trained network, to be judged elsewhere."""
    from edgeopt.tuning.trial_work import TRAINED

    if not (folder / TRAINED).is_file():
        return {}
    return read(folder, [folder / TRAINED, folder / "trained"])
