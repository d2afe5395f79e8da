"""How long steps tell what they are doing. Library code does not print; it tells a listener."""

from __future__ import annotations

from typing import Protocol


class Listener(Protocol):
    """Told what is being done, and how far it is; `total` 0 where that is not known."""

    def __call__(self, what: str, done: int = 0, total: int = 0) -> None: ...


def silent(what: str, done: int = 0, total: int = 0) -> None:
    """Listens to nothing."""


def under(listener: Listener, title: str) -> Listener:
    """A listener for a part of a step: what it is told goes on as `title: what`."""

    def tell(what: str, done: int = 0, total: int = 0) -> None:
        listener(f"{title}: {what}", done, total)

    return tell


def titled(listener: Listener, title: str) -> Listener:
    """A listener for a part of a step of which only how far it is matters: told under `title`."""

    def tell(what: str, done: int = 0, total: int = 0) -> None:
        listener(title, done, total)

    return tell
