"""Reads a text file that a user named: bounded, UTF-8, and one sentence where it is neither."""

from __future__ import annotations

from pathlib import Path

from edgeopt.domain.errors import BadInput
from edgeopt.jobs import on_disk


def content(path: Path, most_bytes: int, what: str) -> bytes:
    """The bytes of a file.

    Args:
        what: what the file should be, for messages: "a COCO file".

    Raises:
        BadInput: it is missing, no file, empty, or larger than `most_bytes`.
    """
    found = on_disk.kind(path)
    if found == "nothing":
        raise BadInput(f"{on_disk.shown(path)}: no such file", on_disk.near(path))
    if found == "folder":
        raise BadInput(f"{on_disk.shown(path)} is a folder, not {what}.", f"Give {what}.")
    try:
        with path.open("rb") as file:
            read = file.read(most_bytes + 1)
    except OSError as error:
        raise on_disk.cannot(path, "read", error) from error
    if len(read) > most_bytes:
        raise BadInput(
            f"{on_disk.shown(path)} has more than {most_bytes:,} bytes: too much for {what}.",
            f"Give {what}.",
        )
    return read


def text(path: Path, most_bytes: int, what: str) -> str:
    """The text of a file, without a byte order mark.

    Raises:
        BadInput: as `content`, and where it is no UTF-8.
    """
    try:
        return content(path, most_bytes, what).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(
            f"{on_disk.shown(path)} is not UTF-8 text: {error.reason} at byte {error.start}.",
            "Save it as UTF-8.",
        ) from error


def lines(path: Path, most_bytes: int, what: str) -> list[str]:
    """The lines of a file, without their ends; only \\n and \\r\\n end one.

    Raises:
        BadInput: as `text`.
    """
    found = text(path, most_bytes, what).replace("\r\n", "\n").split("\n")
    return found[:-1] if found[-1] == "" else found
