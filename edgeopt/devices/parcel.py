"""What is sent to a device: files with their names, known by their content."""

from __future__ import annotations

import functools
import hashlib
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import edgeopt
from edgeopt.domain.model import content_id

RUNNER_ROOMS = ("decoding", "runner", "runtimes")
RUNNER_ZIP = "edgeopt-runner.zip"


@dataclass(frozen=True)
class File:
    """One file. `name`: below the folder that is sent, with "/"."""

    name: str
    path: Path
    size_bytes: int
    sha256: str


@dataclass(frozen=True)
class Parcel:
    """Files that travel together."""

    files: tuple[File, ...]

    @property
    def key(self) -> str:
        """The identity of names and contents."""
        return content_id([[f.name, f.size_bytes, f.sha256] for f in self.files])


def _all(path: Path) -> list[tuple[str, Path]]:
    if path.is_dir():
        return [(f.relative_to(path).as_posix(), f) for f in sorted(path.rglob("*")) if f.is_file()]
    return [(path.name, path)]


def signature(path: Path) -> tuple[tuple[str, int, int], ...]:
    """Changes when a file or folder is written to. Cheap: nothing is read."""
    found = []
    for name, file in _all(path):
        stat = file.stat()
        found.append((name, stat.st_size, stat.st_mtime_ns))
    return tuple(found)


def pack(path: Path) -> Parcel:
    """A file, or all files below a folder."""
    files = []
    for name, file in _all(path):
        with file.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        files.append(File(name, file, file.stat().st_size, digest))
    return Parcel(tuple(files))


@functools.cache
def runner_zip() -> bytes:
    """The runner and the runtimes as one file for PYTHONPATH. The same bytes for the same code."""
    package = Path(edgeopt.__file__).parent
    sources = {"edgeopt/__init__.py": b""}
    for room in RUNNER_ROOMS:
        for path in sorted((package / room).rglob("*.py")):
            sources[f"edgeopt/{path.relative_to(package).as_posix()}"] = path.read_bytes()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, source in sources.items():
            archive.writestr(zipfile.ZipInfo(name), source, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
