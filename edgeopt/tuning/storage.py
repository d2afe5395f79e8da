"""Where a study's trials are kept: a journal in its folder, or a database by its URL."""

from __future__ import annotations

import contextlib
import logging
import re
import uuid
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

import edgeopt
from edgeopt.domain.errors import BadInput, EdgeoptError, NotInstalled
from edgeopt.domain.model import content_id
from edgeopt.domain.study import STUDY_VERSION, StudyRequest
from edgeopt.jobs import on_disk
from edgeopt.jobs.child import first_line
from edgeopt.tuning.ledger import Ledger, cause

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler
    from optuna.storages import BaseStorage
    from optuna.study import Study

ABOUT = "edgeopt:study"
"""Attribute of a study: what it is of."""

JOURNAL = "study.journal"
_JOURNALS = (".journal", ".log")
_IN_MEMORY = re.compile(r"sqlite(\+\w+)?:(//)?/?(\?.*)?$|sqlite.*(:memory:|mode=memory)")


def shown(url: str) -> str:
    """A URL without its password."""
    return re.sub(r"(://[^:/@]*):.*@", r"\1:...@", url)


def open_storage(url: str | None, folder: Path) -> BaseStorage:
    """The storage of a URL, or the journal in the study's folder.

    Args:
        url: None: the journal; a path that ends in .journal; or a database as SQLAlchemy names it.
        folder: of the study, which this process holds.

    Raises:
        BadInput: it cannot be reached, or holds something else.
        NotInstalled: Optuna, or the database's driver, is not there.
    """
    _require_optuna()
    if url is None:
        return _journal(folder / JOURNAL, held=True)
    if Path(url).suffix in _JOURNALS and "://" not in url:
        return _journal(Path(url), held=False)
    if "://" not in url:
        raise BadInput(
            f"{url!r} is no storage.",
            "Give a path that ends in .journal, or a URL: sqlite:///study.db, "
            "postgresql://USER@HOST/DATABASE.",
        )
    return _database(url)


def _require_optuna() -> None:
    try:
        import optuna
    except ImportError as error:
        raise NotInstalled("a search needs Optuna 5.", "pip install edgeopt[search]") from error
    optuna.logging.set_verbosity(logging.ERROR)


def _journal(path: Path, *, held: bool) -> BaseStorage:
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    if on_disk.kind(path) == "folder":
        raise BadInput(f"the storage {path} is a folder, and no file.", "Give a file's path.")
    if not path.parent.is_dir():
        raise BadInput(f"the storage {path} cannot be reached: there is no {path.parent}.")
    if held:  # whoever held it was killed, perhaps in the middle of a line
        path.with_name(f"{path.name}.lock").unlink(missing_ok=True)
        _whole_lines(path)
    try:
        return JournalStorage(JournalFileBackend(str(path)))
    except OSError as error:
        raise BadInput(f"the storage {path} cannot be reached: {error.strerror}.") from error
    except Exception as error:
        raise BadInput(
            f"{path} is no journal of a study that can be read: {first_line(error)}",
            "Give another --out." if held else "Give another --storage.",
        ) from error


def _whole_lines(path: Path) -> None:
    """Cut a last line that was not finished. Raises BadInput: it is no journal."""
    with contextlib.suppress(FileNotFoundError):
        content = path.read_bytes()
        if content and not content.startswith(b"{"):
            raise BadInput(f"{path} is no journal of a study.", "Give another --out.")
        if content and not content.endswith(b"\n"):
            with path.open("r+b") as file:
                file.truncate(content.rfind(b"\n") + 1)


def _database(url: str) -> BaseStorage:
    import optuna

    whole = re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", url)
    if _IN_MEMORY.match(whole):
        raise BadInput(
            f"the storage {url!r} is in memory: the study would be lost with this call.",
            "Give a file: sqlite:///study.db, or no --storage.",
        )
    if whole.partition("://")[2].partition("/")[0].count("@") > 1:
        raise BadInput(
            f"the storage {shown(url)} has a password with @.", "Write %40 for each @ in it."
        )
    try:
        return optuna.storages.RDBStorage(whole)
    except ImportError as error:
        raise NotInstalled(
            f"the storage {shown(url)} needs a driver that is not there: {first_line(error)}",
            "pip install edgeopt[distributed]"
            if whole.startswith("postgresql+psycopg:")
            else "Install SQLAlchemy's driver of that database; PostgreSQL's is in "
            "edgeopt[distributed].",
        ) from error
    except Exception as error:  # SQLAlchemy's own, and its drivers'
        raise BadInput(
            f"the storage {shown(url)} cannot be reached: {cause(error)}",
            _advice(whole, error),
        ) from error


def _advice(url: str, error: Exception) -> str:
    from sqlalchemy.exc import ArgumentError

    if isinstance(error, ArgumentError):  # no such kind of database, or no URL
        return "Known are sqlite:///FILE, postgresql://USER@HOST/DATABASE and SQLAlchemy's others."
    if url.startswith("sqlite:"):
        return "Is its folder there, and may you write in it?"
    return "Is the server up, and are name, user and password right?"


def names(storage: BaseStorage | Ledger) -> list[str]:
    """What the studies in a storage are called."""
    import optuna

    return list(optuna.get_all_study_names(storage))  # type: ignore[arg-type]


def open_study(
    storage: BaseStorage | Ledger, name: str, request: StudyRequest, sampler: BaseSampler
) -> Study:
    """The study of a name: new, or the same one to go on with.

    Raises:
        BadInput: it is of another version, asks for something else, or its storage fails.
    """
    import optuna
    from optuna.exceptions import ExperimentalWarning

    try:
        found = optuna.create_study(
            study_name=name,
            storage=storage,  # type: ignore[arg-type]
            sampler=sampler,
            directions=["minimize"] * len(request.objectives),
            load_if_exists=True,
        )
        about = found.user_attrs.get(ABOUT)
        if about is None:
            _require_new(found, name)
            found.set_user_attr(ABOUT, _about(request))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ExperimentalWarning)
                found.set_metric_names([_named(one) for one in request.objectives])
        else:
            _require_same(about, request, name)
        return found
    except EdgeoptError:
        raise
    except Exception as error:
        raise BadInput(
            f"the study {name!r} cannot be opened: {cause(error)}",
            "Is the storage a study's? Give another --storage or --out.",
        ) from error


def born(study: Study) -> str:
    """What tells a study from another of its name; "" where an older version began it."""
    about: dict[str, Any] = study.user_attrs.get(ABOUT) or {}
    return str(about.get("born", ""))


def _named(objective: str) -> str:
    return "loss of score" if objective == "score" else objective


def _about(request: StudyRequest) -> dict[str, Any]:
    return {
        "v": STUDY_VERSION,
        "edgeopt": edgeopt.__version__,
        "born": uuid.uuid4().hex,
        "id": content_id(request),
        "request": _plain(request),
    }


def _plain(request: StudyRequest) -> dict[str, Any]:
    """As JSON has it, which is what comes back from a storage."""
    found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(request))
    return found


def _require_new(found: Study, name: str) -> None:
    if found.get_trials(deepcopy=False):
        raise BadInput(
            f"the study {name!r} is not edgeopt's: it has trials, and says not of what.",
            "Give another --study or another --storage.",
        )


_DEFAULTS = {
    one.encode_name: one.default
    for one in msgspec.structs.fields(StudyRequest)
    if isinstance(one.default, (str, bool))
}


def _require_same(about: dict[str, Any], request: StudyRequest, name: str) -> None:
    if about.get("v") != STUDY_VERSION:
        raise BadInput(
            f"the study {name!r} was begun by edgeopt {about.get('edgeopt')}, in a form of another "
            f"version ({about.get('v')}, and this one reads {STUDY_VERSION}).",
            "Go on with that version, or give another --out.",
        )
    now = _plain(request)
    if not isinstance(about.get("request"), dict):
        raise BadInput(f"what the study {name!r} is of cannot be read.", "Give another --out.")
    before = _DEFAULTS | about["request"]  # what an older edgeopt did not ask was as it is usual
    other = [key for key in now if before.get(key) != now[key]]
    if other:
        raise BadInput(
            f"the study {name!r} asks for something else: {_changes(other, before, now)}.",
            "Ask for the same to go on with it, or give another --out.",
        )


def _changes(names: list[str], before: dict[str, Any], now: dict[str, Any]) -> str:
    return "; ".join(_change(key, before.get(key), now[key]) for key in names)


def _change(key: str, before: Any, now: Any) -> str:
    """One difference; of tables the fields that differ, of data that it is other data."""
    if key == "data_sha256":
        return "the data has other content"
    if isinstance(before, dict) and isinstance(now, dict):
        other = [name for name in now if before.get(name) != now[name]]
        return "; ".join(_change(name, before.get(name), now[name]) for name in other)
    return f"{key} was {before!r:.80} and is {now!r:.80}"
