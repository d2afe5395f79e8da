"""Reads YAML of users: nothing in it is made into an object, and it ends soon.

Every scalar stays the text that it is: a class called `no` is no boolean, one called `1e5` no
number. Aliases are refused, since a few lines of them unfold to gigabytes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgeopt.datasets.annotations.text_file import text
from edgeopt.domain.errors import BadInput, NotInstalled
from edgeopt.jobs import on_disk

MAX_BYTES, MAX_DEPTH, MAX_PARTS = 1_000_000, 8, 200_000
_HINT = "It is YAML: `key: value`, a line each."

Tree = dict[str, Any]


def read(path: Path, what: str) -> Tree:
    """The table that a file holds: texts, lists and tables of them.

    Args:
        what: what the file should be, for messages.

    Raises:
        BadInput: it is missing, too large, no YAML, no table, has an alias, or is nested deeper
            than `MAX_DEPTH`.
        NotInstalled: PyYAML is missing.
    """
    written = text(path, MAX_BYTES, what)
    try:
        import yaml
    except ImportError as error:
        raise NotInstalled(
            "reading YAML needs PyYAML, which is not installed",
            "pip install 'edgeopt[annotations]'",
        ) from error
    try:
        _require_plain(yaml.parse(written, Loader=yaml.BaseLoader), path)
        found = yaml.load(written, Loader=yaml.BaseLoader)  # noqa: S506 (texts, lists and tables)
    except (yaml.YAMLError, RecursionError) as error:
        raise BadInput(f"{on_disk.shown(path)} is no YAML: {_why(error)}.", _HINT) from error
    if not isinstance(found, dict):
        raise BadInput(f"{on_disk.shown(path)} is not {what}: it holds no table.", _HINT)
    return found


def _require_plain(events: Any, path: Path) -> None:
    depth = 0
    for count, event in enumerate(events):
        kind = type(event).__name__
        if kind == "AliasEvent":
            raise BadInput(
                f"{on_disk.shown(path)} has an alias, *{event.anchor[:40]}, which is not read.",
                "Write out what it stands for.",
            )
        depth += kind in ("MappingStartEvent", "SequenceStartEvent")
        depth -= kind in ("MappingEndEvent", "SequenceEndEvent")
        if depth > MAX_DEPTH or count > MAX_PARTS:
            how = "nested too deeply" if depth > MAX_DEPTH else "too long"
            raise BadInput(f"{on_disk.shown(path)} is {how} to be read.", _HINT)


def _why(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    said = getattr(error, "problem", None) or str(error).splitlines()[0]
    return f"{said} at line {mark.line + 1}" if mark is not None else said
