"""A study's folder: who holds it, where things lie, what is stored as `study.json`."""

from __future__ import annotations

import contextlib
import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import msgspec

from edgeopt.domain.errors import BadInput
from edgeopt.domain.model import Value
from edgeopt.domain.study import STUDY_VERSION, Study
from edgeopt.jobs import on_disk
from edgeopt.store import atomic, run_lock, stored
from edgeopt.store.out import check_writable

STUDY, REPORT, OWNER, CHOSEN = "study.json", "report.html", ".study", "chosen"
_FOLDERS = ("trials", "logs", "tensorboard", CHOSEN)
_HINT = "Give another folder with --out."


class Holder(Value, kw_only=True, frozen=True):
    """`.study`: whose trials the folder's are.

    Attributes:
        owner: what tells this folder's trials from others' in a shared storage.
        study, born: the study's name, and what tells it from another of that name; "" in folders
            of older versions, and before it is opened.
    """

    owner: str
    study: str = ""
    born: str = ""


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
        return self.holder().owner

    def holder(self) -> Holder:
        """Whose trials lie here; a folder that is new gets a name for that.

        Raises:
            BadInput: what is kept of it cannot be read.
        """
        path = self.path / OWNER
        if not path.exists():
            self._hold(Holder(owner=uuid.uuid4().hex))
        content = path.read_bytes()
        if re.fullmatch(rb"[0-9a-f]{32}\s*", content):  # as older versions wrote it
            return Holder(owner=content.decode().strip())
        try:
            return msgspec.json.decode(content, type=Holder)
        except ValueError as error:
            raise BadInput(f"{path} is damaged: {error}", _HINT) from None

    def hold(self, study: str, born: str) -> None:
        """Keep whose trials lie here from now on.

        Raises:
            BadInput: they are another study's.
        """
        now = self.holder()
        if (now.study and now.study != study) or (now.born and now.born != born):
            same = "" if now.study != study else ", begun elsewhere or removed since"
            raise BadInput(
                f"{self.path} holds trials of another study: {now.study}{same}.",
                "Give the --storage and --study that it was begun with, or another --out.",
            )
        if (now.study, now.born) != (study, born):
            self._hold(msgspec.structs.replace(now, study=study, born=born))

    def _hold(self, holder: Holder) -> None:
        atomic.write(self.path / OWNER, msgspec.json.encode(holder))

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
    _require_shape(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"{path} cannot be made: {error.strerror}.", _HINT) from None
    with run_lock.held(path):
        yield StudyFolder(path)


def _require_shape(path: Path) -> None:
    """Refuse a folder in which something else has the name of what a study writes."""
    wanted = {**dict.fromkeys((STUDY, REPORT, OWNER), "file"), **dict.fromkeys(_FOLDERS, "folder")}
    for name, kind in wanted.items():
        found = on_disk.kind(path / name)
        if found not in (kind, "nothing"):
            raise BadInput(f"{path / name} is a {found}, and no {kind}.", _HINT)


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
