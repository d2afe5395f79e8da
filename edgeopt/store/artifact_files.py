"""An artifact as it lies in a run's folder: what its files are, against what they were."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import msgspec

from edgeopt.domain.artifact import Artifact
from edgeopt.sources.source import combined_sha256, sha256_file


class NotWhole(Exception):
    """What lies there is not the artifact that was made. Its text says why."""


class Gone(NotWhole):
    """Nothing lies there, or a file of it is missing."""

    def __init__(self) -> None:
        super().__init__("its files are gone from the run's folder")


def read(root: Path, folder: Path) -> Artifact:
    """The artifact in a folder of a run, whose every file has the SHA-256 that was kept.

    Args:
        root: the run's folder, resolved: no file of an artifact lies elsewhere.

    Raises:
        NotWhole: there is none, a file is missing, changed, or not in the run's folder.
    """
    try:
        artifact = msgspec.json.decode((folder / "artifact.json").read_bytes(), type=Artifact)
    except OSError:
        raise Gone from None
    except (ValueError, RecursionError):
        raise NotWhole("its artifact.json cannot be read") from None
    if artifact.recipe.conversion_id != folder.name:
        raise NotWhole("its artifact.json is of another recipe")
    _require_names(artifact, folder.relative_to(root).as_posix())
    require_files(root, folder, artifact.files)
    if artifact.sha256 != combined_sha256(sorted(artifact.files.items())):
        raise NotWhole("its artifact.json states another SHA-256 than its files have")
    return artifact


def require_files(root: Path, folder: Path, files: Mapping[str, str]) -> None:
    """Compare files below a folder with the SHA-256 that was kept of each.

    Raises:
        NotWhole: as `read`.
    """
    for name, sha256 in files.items():
        if not is_inside(name):
            raise NotWhole(f"it names a file outside of its folder ({name[:100]!r})")
        _require(folder / name, name, sha256, root)


def signature(folder: Path) -> tuple[object, ...]:
    """Changes where a folder or a file in it is another, or written to. Nothing is read."""
    found = []
    itself = [folder] if os.path.lexists(folder) else []
    for path in (*itself, *sorted(folder.rglob("*"))):
        stat = os.stat(path, follow_symlinks=False)
        found.append((str(path), stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino))
    return tuple(found)


def _require_names(artifact: Artifact, place: str) -> None:
    """The file that is opened is one of the artifact's own."""
    main = artifact.path.removeprefix(f"{place}/")
    if main == artifact.path or not is_listed(main, artifact.files):
        raise NotWhole(f"its file is none of its own ({artifact.path[:100]!r})")


def is_listed(main: str, files: Mapping[str, str]) -> bool:
    """Whether what is opened is one of the files, or a folder of some of them."""
    return any(name == main or name.startswith(f"{main}/") for name in files)


def is_inside(name: str) -> bool:
    """Whether a name in a manifest is of a file in its folder or below it."""
    path = PurePosixPath(name)
    plain = bool(path.parts) and not path.is_absolute() and ".." not in path.parts
    return plain and "\0" not in name and "\\" not in name


def _require(path: Path, name: str, sha256: str, root: Path) -> None:
    if not path.is_file():
        raise Gone
    if path.is_symlink() or root not in path.resolve().parents:
        raise NotWhole(f"{name} is a link to a file elsewhere")
    if sha256_file(path) != sha256:
        raise NotWhole(f"{name} is not what the run made: it has another SHA-256")
