"""What artifacts are called side by side."""

from __future__ import annotations

import os
from collections.abc import Sequence

from edgeopt.domain.visible import lines


def names(paths: Sequence[str]) -> list[str]:
    """The paths without the folders that all of them share."""
    if not paths:
        return []
    shared = os.path.commonpath([os.path.dirname(os.path.abspath(path)) for path in paths])
    return [os.path.relpath(path, shared) for path in paths]


def cell(name: str) -> str:
    """A name for a narrow column: its folder has a line of its own."""
    folder, file = os.path.split(name)
    return lines(f"{folder}/", file) if folder else file
