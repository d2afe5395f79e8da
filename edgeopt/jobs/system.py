"""What edgeopt needs of the operating system, and what it says where that is missing."""

from __future__ import annotations

import sys
from typing import Any

from edgeopt.domain.errors import NotInstalled

MACOS = (
    "edgeopt was never tried on macOS. As far as its code tells, models are converted, scored and "
    "timed there; clocks, temperature and energy are not read, and no thread is kept to a core."
)


def missing() -> NotInstalled:
    """The error where the system has no file locks and process groups."""
    return NotInstalled(
        "edgeopt does not run on Windows: it needs file locks and process groups as Linux and "
        "macOS have them.",
        "Install it in WSL 2, which is a Linux (`wsl --install`).",
    )


def require() -> None:
    """Refuse a system on which nothing works.

    Raises:
        NotInstalled: it is Windows.
    """
    if sys.platform == "win32":
        raise missing()


def note() -> str:
    """What to know of this system before believing a result; "" on Linux."""
    return MACOS if sys.platform == "darwin" else ""


class _NoLocks:
    """Stands for the module `fcntl` where there is none."""

    def __getattr__(self, name: str) -> Any:
        raise missing()


#: The module of that name. Where the system has none, whoever asks it for a lock raises `missing`.
fcntl: Any
try:
    import fcntl
except ImportError:
    fcntl = _NoLocks()
