"""What lies at a path that a user gave: looked at before it is opened.

A pipe waits for ever, /dev/zero never ends, a circle of links and a name of 300 characters raise
what each caller would have to know: here they are told once.
"""

from __future__ import annotations

import difflib
import errno
import os
import stat
from pathlib import Path
from typing import Literal

from edgeopt.domain.errors import BadInput

Kind = Literal["file", "folder", "nothing"]

_WHY = {
    errno.ENAMETOOLONG: ("its name is too long", "A name has at most 255 bytes, a path 4,096."),
    errno.ELOOP: ("its links lead in a circle", "`ls -l` shows where each leads."),
    errno.EACCES: ("permission denied", "Change its permissions, or those of its folder."),
}

_SPECIAL = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device of the system",
    stat.S_IFBLK: "a device of the system",
}


def kind(path: Path) -> Kind:
    """Whether there is a file or a folder at a path, links followed.

    Raises:
        BadInput: something else is there, or nobody can tell: one sentence says why.
    """
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        if path.is_symlink():
            to = path.readlink()
            raise BadInput(
                f"{shown(path)} is a link to {shown(to)}, which is not there.",
                "Make the link again, or give the file that was meant.",
            ) from None
        return "nothing"
    except (OSError, ValueError) as error:
        raise cannot(path, "looked at", error) from None
    if stat.S_ISREG(mode):
        return "file"
    if stat.S_ISDIR(mode):
        return "folder"
    what = _SPECIAL.get(stat.S_IFMT(mode), "no file")
    raise BadInput(f"{shown(path)} is {what}, not a file.", "Copy what it holds into a file.")


def cannot(path: Path, done: str, error: Exception) -> BadInput:
    """The error for a path that the system refuses.

    Args:
        done: what cannot be done: "read", "written".
    """
    number = error.errno if isinstance(error, OSError) else None
    said = getattr(error, "strerror", None) or str(error)
    why, hint = _WHY.get(number or 0, (said, ""))
    return BadInput(f"{shown(path)} cannot be {done}: {why}.", hint)


def near(path: Path) -> str:
    """What to do about a path with nothing at it, as a hint: the name that is meant, or its folder.

    "" where the system does not tell.
    """
    try:
        folder = path.absolute().parent
        if not folder.is_dir():
            return f"There is no folder {shown(folder)}."
        like = difflib.get_close_matches(path.name, os.listdir(folder), n=1, cutoff=0.8)
    except (OSError, ValueError):
        return ""
    if like:
        return f"Did you mean {shown(path.with_name(like[0]))}?"
    return f"The folder {shown(folder)} holds nothing of that name."


def shown(path: Path | str) -> str:
    """A path for a sentence: the middle of a very long one is left out."""
    text = str(path)
    return text if len(text) <= 200 else f"{text[:80]}...{text[-40:]}"
