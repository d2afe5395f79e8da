"""The file `data.yaml` of Ultralytics' data sets: where images lie, and what the classes are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgeopt.datasets.annotations import yaml_file
from edgeopt.domain.errors import BadInput
from edgeopt.jobs import on_disk

WHAT = "a data.yaml as Ultralytics reads it"
PARTS = ("val", "train", "test")
MAX_CLASSES, MAX_POINTS = 100_000, 1_000


@dataclass(frozen=True)
class Layout:
    """What a data.yaml says.

    Attributes:
        root: the folder that paths start from. parts: name -> its paths as written.
        names: of the classes. points: (key points, numbers of each) or (0, 0).
    """

    file: Path
    root: Path
    parts: dict[str, list[str]]
    names: tuple[str, ...]
    points: tuple[int, int] = (0, 0)


def read(path: Path) -> Layout:
    """What a `data.yaml` says.

    Raises:
        BadInput: it is no such file. NotInstalled: PyYAML is missing.
    """
    tree = yaml_file.read(path, WHAT)
    names = _names(tree, path)
    parts = {part: _paths(tree[part], part, path) for part in PARTS if tree.get(part)}
    if not parts:
        raise BadInput(
            f"{on_disk.shown(path)} names no images.", "Write `val: images/val`, and so for train."
        )
    root = tree.get("path") or ""
    if not isinstance(root, str):
        raise BadInput(f"{on_disk.shown(path)}: `path` is no text.", "Write the path of a folder.")
    folder = path.parent / root
    if on_disk.kind(folder) != "folder":
        folder = path.parent  # a path of the machine where it was written
    return Layout(path, folder, parts, names, _points(tree, path))


def _names(tree: yaml_file.Tree, path: Path) -> tuple[str, ...]:
    found = tree.get("names")
    if isinstance(found, dict):
        found = _in_order(found, path)
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise BadInput(
            f"{on_disk.shown(path)}: `names` is neither a list nor a table of classes.",
            "Write `names: [person, bicycle]`, or `names:` with a line `0: person` a class.",
        )
    count = tree.get("nc")
    if count and count != str(len(found)):
        raise BadInput(
            f"{on_disk.shown(path)}: `nc` is {str(count)[:40]}, but `names` holds {len(found)} "
            "classes.",
            "Correct one of them, or leave `nc` out.",
        )
    if not 1 <= len(found) <= MAX_CLASSES:
        raise BadInput(
            f"{on_disk.shown(path)}: `names` holds {len(found)} classes.",
            "Name each class, in order.",
        )
    return tuple(found)


def _in_order(names: dict[str, object], path: Path) -> list[object]:
    """The names of a table 0: a, 1: b; every number from 0 must be there."""
    wanted = [str(i) for i in range(len(names))]
    if set(names) != set(wanted):
        odd = next((key for key in names if key not in wanted), "")
        raise BadInput(
            f"{on_disk.shown(path)}: `names` has the key {odd[:40]!r}, but {len(names)} classes "
            f"are numbered 0 to {len(names) - 1}.",
            "Number the classes from 0, without gaps.",
        )
    return [names[key] for key in wanted]


def _points(tree: yaml_file.Tree, path: Path) -> tuple[int, int]:
    found = tree.get("kpt_shape")
    if not found:
        return 0, 0
    if isinstance(found, list) and len(found) == 2 and all(_is_number(one) for one in found):
        count, numbers = int(found[0]), int(found[1])
        if 1 <= count <= MAX_POINTS and numbers in (2, 3):
            return count, numbers
    raise BadInput(
        f"{on_disk.shown(path)}: `kpt_shape` is {str(found)[:60]}.",
        "It is the number of key points, and 2 (x, y) or 3 (x, y, visibility): [17, 3].",
    )


def _is_number(text: object) -> bool:
    return isinstance(text, str) and text.isascii() and text.isdecimal() and len(text) < 10


def _paths(found: object, part: str, path: Path) -> list[str]:
    several = found if isinstance(found, list) else [found]
    if not all(isinstance(one, str) and one for one in several):
        raise BadInput(
            f"{on_disk.shown(path)}: `{part}` is no path.", "Write a folder, or a list of folders."
        )
    return [str(one) for one in several]
