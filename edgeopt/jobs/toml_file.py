"""Reads TOML files of users: whatever lies there, it ends soon and in one sentence."""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from pathlib import Path
from typing import Any

from edgeopt.domain.errors import BadInput
from edgeopt.jobs import on_disk

#: The largest profile that ships has 20 kB.
MAX_BYTES = 1_000_000
#: Tables and lists within each other: Python's own limit is another one once TensorFlow is there.
MAX_DEPTH = 100
_HINT = 'It is TOML: text goes in quotes, a table opens with "[name]".'


def text(path: Path) -> str | None:
    """The text of a file; None where there is none.

    Raises:
        BadInput: it is no file, too large, or no UTF-8.
    """
    found = on_disk.kind(path)
    if found == "nothing":
        return None
    if found == "folder":
        raise BadInput(f"cannot read {path}: it is a folder.", "Give the path of a TOML file.")
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise BadInput(
                f"{path} is no such file: it has more than {MAX_BYTES // 1000:,} kB.",
                "Give the path of a TOML file.",
            )
        return content.decode("utf-8")
    except OSError as error:
        raise on_disk.cannot(path, "read", error) from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} is not UTF-8 text: {error.reason} at byte {error.start}") from error


def parse(content: str, path: Path) -> dict[str, Any]:
    """What a TOML text holds.

    Raises:
        BadInput: it is no TOML, nested too deeply, or has a number of thousands of digits.
    """
    try:
        table = tomllib.loads(content)
        _require_flat(table)
    except tomllib.TOMLDecodeError as error:  # the message ends in "(at line 3, column 5)"
        message, _, place = str(error).rpartition(" (at ")
        if not message:
            raise BadInput(f"{path}: {error}", _HINT) from error
        raise BadInput(f"{path}, {place.rstrip(')')}: {message}", _HINT) from error
    except RecursionError:
        raise BadInput(f"{path} is nested too deeply to be read.", _HINT) from None
    except ValueError:
        raise BadInput(f"{path} has a number that is too long to be read.", _HINT) from None
    return table


def _require_flat(table: dict[str, Any]) -> None:
    level: list[Any] = [table]
    for _ in range(MAX_DEPTH):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return
    raise RecursionError


def _inside(value: Any) -> Collection[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
