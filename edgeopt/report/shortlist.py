"""The candidates that fit a screen: one row an artifact, the first few of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgeopt.report.table import Row

#: Rows of a target alone.
ALONE = 10
#: Rows of each of several targets: as many as leave the whole on a screen.
OF_SEVERAL = (5, 4, 3, 2)


@dataclass(frozen=True)
class Entry:
    """One row of the list: a candidate, and what it is called beside the others."""

    row: Row
    label: str


@dataclass(frozen=True)
class Shortlist:
    """What is shown of the candidates that came through, and how many of them are not.

    Each number of threads and each session's options are a candidate of their own, as `Row.number`
    and `--all` have them.
    """

    entries: tuple[Entry, ...]
    more: int


def shortlist(tried: Sequence[Row], most: int) -> Shortlist:
    """The first rows of a target, its chosen candidate and its baseline among them.

    Args:
        tried: the candidates that came through, in the order of `Row.order`.
        most: rows; the chosen and the baseline are shown in any case.
    """
    folded = _folded(tried)
    needed = [row for row in folded if _needed(row)]
    others = [row for row in folded if not _needed(row)]
    kept = [*needed, *others[: max(0, most - len(needed))]]
    shown = [row for row in folded if row in kept]
    return Shortlist(tuple(Entry(row, label(row, shown)) for row in shown), len(tried) - len(shown))


def _folded(tried: Sequence[Row]) -> list[Row]:
    """The first row of each artifact; its other threads and session options are left out."""
    first: dict[str, Row] = {}
    for row in tried:
        first.setdefault(row.artifact, row)
    return [row for row in tried if row is first[row.artifact] or _needed(row)]


def _needed(row: Row) -> bool:
    return row.chosen or "baseline" in row.marks


def label(row: Row, shown: Sequence[Row]) -> str:
    """The name, with the settings by which it differs from others of that name."""
    twins = [other for other in shown if other.name == row.name]
    shared = set(row.words).intersection(*(other.words for other in twins))
    own = [word for word in row.words if word not in shared]
    if not own and any(other.artifact != row.artifact for other in twins):
        own = ["plain"]
    return ", ".join([row.name, *own])
