"""Each run leaves its own call in its folder, as `edgeopt optimize --config` takes it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from edgeopt.domain.visible import visible
from edgeopt.store import atomic

NAME = "call.toml"


def write(folder: Path, said: Mapping[str, Any]) -> None:
    """Write the file of a call.

    Args:
        said: values by the keys of the file. One that no file can hold, of a call from Python, is
            named in a comment.

    Raises:
        CannotWrite: there is no room.
    """
    if said:
        atomic.write(folder / NAME, text(said, folder).encode("utf-8"))


def text(said: Mapping[str, Any], folder: Path) -> str:
    """The file of a call."""
    held = {name: value for name, value in said.items() if _is_plain(value)}
    gone = [name for name in said if name not in held]
    head = [
        f"The call of this run: edgeopt optimize --config {folder / NAME}",
        f"Its paths start from {Path.cwd()}",
        *(f"{name}: not in this file, since Python gave an object" for name in gone),
    ]
    above = "".join(f"# {visible(line)}\n" for line in head)
    return above + msgspec.toml.encode(held).decode("utf-8")


def _is_plain(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(isinstance(one, str | int | float) for one in value)
    return isinstance(value, str | int | float | bool)
