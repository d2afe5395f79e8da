"""How long steps tell what they are doing. Library code does not print; it tells a listener."""

from __future__ import annotations

from typing import Protocol


class Doing(str):
    """What is being done, and to what: "measuring (screen): litert fp32, round 2".

    Attributes:
        task, subject: the two parts.
        repeats: it is told so often, of one subject after the other, that a log has a line of the
            task now and then.
    """

    __slots__ = ("repeats", "subject", "task")

    task: str
    subject: str
    repeats: bool

    def __new__(cls, task: str, subject: object = "", *, repeats: bool = False) -> Doing:
        doing = super().__new__(cls, f"{task}: {subject}" if str(subject) else task)
        doing.task, doing.subject, doing.repeats = task, str(subject), repeats
        return doing

    def at(self, place: str) -> Doing:
        """The same, with where it is done: " on PLACE" after the task."""
        return Doing(f"{self.task}{place}", self.subject, repeats=self.repeats)


class Listener(Protocol):
    """Told what is being done, and how far it is; `total` 0 where that is not known."""

    def __call__(self, what: str, done: int = 0, total: int = 0) -> None: ...


def silent(what: str, done: int = 0, total: int = 0) -> None:
    """Listens to nothing."""


def under(listener: Listener, title: str) -> Listener:
    """A listener for a part of a step, which tells often: what it is told goes on below `title`."""

    def tell(what: str, done: int = 0, total: int = 0) -> None:
        listener(Doing(title, what, repeats=True), done, total)

    return tell


def titled(listener: Listener, title: str) -> Listener:
    """A listener for a part of a step of which only how far it is matters: told under `title`."""

    def tell(what: str, done: int = 0, total: int = 0) -> None:
        listener(title, done, total)

    return tell
