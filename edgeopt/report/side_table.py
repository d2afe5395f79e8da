"""A small table below a target's candidates, as text."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SideTable:
    """A table as text. `about`: what a reader must know of it."""

    title: str
    about: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
