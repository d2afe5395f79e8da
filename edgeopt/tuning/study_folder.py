"""A study's folder: who holds it, where things lie, what is stored as `study.json`."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from pathlib import Path

import msgspec

from edgeopt.domain.errors import BadInput
from edgeopt.domain.study import STUDY_VERSION, Study
from edgeopt.jobs import on_disk
from edgeopt.store import atomic, run_lock, stored
from edgeopt.store.out import check_writable

STUDY, REPORT, OWNER, CHOSEN = "study.json", "report.html", ".study", "chosen"


class StudyFolder:
    """The one place that knows where things lie in a study's folder."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()

    @property
    def report(self) -> Path:
        return self.path / REPORT

    @property
    def chosen(self) -> Path:
        """The run of the chosen network."""
        return self.path / CHOSEN

    @property
    def log(self) -> Path:
        """What the user's functions print."""
        return self.path / "logs" / "user.log"

    def trial(self, number: int) -> Path:
        """A trial's folder."""
        return self.path / "trials" / f"{number:04d}"

    def events(self, number: int) -> Path:
        """A trial's curve, for TensorBoard."""
        return self.path / "tensorboard" / f"{number:04d}"

    def owner(self) -> str:
        """What tells this folder's trials from others' in a shared storage."""
        path = self.path / OWNER
        if not path.exists():
            atomic.write(path, uuid.uuid4().hex)
        return path.read_text("utf-8")

    def write(self, study: Study) -> None:
        """Keep what is known so far."""
        plain = msgspec.structs.replace(study, folder="")
        atomic.write(self.path / STUDY, msgspec.json.format(msgspec.json.encode(plain)))


@contextlib.contextmanager
def held(path: Path) -> Iterator[StudyFolder]:
    """The folder, which no other call writes to meanwhile.

    Raises:
        BadInput: it cannot be written, holds something else, or another call holds it.
    """
    check_writable(path)
    if path.exists() and not path.is_dir():
        raise BadInput(f"{path} is a file, not a folder.", "Give a folder with --out.")
    known = (STUDY, OWNER, "study.journal", "trials")
    there = {file.name for file in path.iterdir()} if path.is_dir() else set()
    if there - {run_lock.NAME} and not there & {*known}:
        hint = "Give a new or an empty folder with --out."
        raise BadInput(f"{path} is not empty and holds no study.", hint)
    run_lock.refuse_held(path)
    path.mkdir(parents=True, exist_ok=True)
    with run_lock.held(path):
        yield StudyFolder(path)


def read(path: Path) -> Study:
    """A study that was written before.

    Raises:
        BadInput: there is none, or it cannot be read.
    """
    if on_disk.kind(path / STUDY) != "file":
        raise BadInput(f"{on_disk.shown(path)} holds no study: there is no {STUDY}.")
    found = stored.value(path / STUDY, Study, "study")
    if found.v > STUDY_VERSION:
        raise BadInput(f"{path} holds a study of a newer version ({found.v}).", stored.HINT)
    return msgspec.structs.replace(found, folder=str(path.resolve()))
