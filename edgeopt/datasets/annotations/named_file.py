"""Names of files that a file of annotations holds: whoever wrote it names none elsewhere."""

from __future__ import annotations

import os
from pathlib import Path


def is_inside(name: str) -> bool:
    """Whether a name is that of a file in the folder that names start from, or below it."""
    path = Path(name)
    return (
        bool(path.parts) and "\0" not in name and not path.is_absolute() and ".." not in path.parts
    )


def lies_below(path: Path, folder: Path) -> bool:
    """Whether a path, its `..` taken away, is below a folder. Links are not followed."""
    if "\0" in str(path):
        return False
    whole, root = os.path.abspath(path), os.path.abspath(folder)
    return Path(root) in Path(whole).parents
