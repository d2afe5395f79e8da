"""`edgeopt cache`: results of earlier runs, as tables and sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.console import Group
from rich.table import Table

from edgeopt.report import format as fmt
from edgeopt.store.results_cache import KINDS, Entry

_WORDS = {
    "artifact": "converted models",
    "layers": "rankings of layers",
    "score": "scores",
    "schedule": "measured schedules",
}


#: Results that are listed: as many lines as a screen has.
LISTED = 30


class Row(NamedTuple):
    """All results of one kind."""

    kind: str
    results: int
    size_bytes: int


def rows(entries: Sequence[Entry]) -> list[Row]:
    """One row a kind."""
    return [
        Row(kind, len(of_kind), sum(entry.size_bytes for entry in of_kind))
        for kind in KINDS
        for of_kind in [[entry for entry in entries if entry.kind == kind]]
    ]


def sizes(entries: Sequence[Entry], place: str) -> Group:
    """How many of each kind, and how large."""
    table = Table(box=None, pad_edge=False)
    for name in ("what", "how many", "size"):
        table.add_column(name, justify="left" if name == "what" else "right")
    for row in rows(entries):
        table.add_row(_WORDS[row.kind], str(row.results), str(fmt.size(row.size_bytes)))
    table.add_row("all", str(len(entries)), str(fmt.size(_bytes(entries))))
    return Group(table, f"They lie in {place}.")


def listed(entries: Sequence[Entry]) -> Group:
    """One line a result, as many as fit a screen."""
    table = Table(box=None, pad_edge=False)
    for name in ("kind", "made, UTC", "size", "of"):
        table.add_column(name, justify="right" if name == "size" else "left", no_wrap=name != "of")
    for entry in entries[:LISTED]:
        of = str(entry.facts.get("recipe") or entry.facts.get("conversion") or entry.group)
        made = entry.made[:16].replace("T", " ")
        table.add_row(entry.kind, made, str(fmt.size(entry.size_bytes)), of)
    left = len(entries) - LISTED
    more = (f"{fmt.whole(left)} more: `edgeopt cache list --json` has all.",) if left > 0 else ()
    return Group(table, *more)


def removed(entries: Sequence[Entry]) -> str:
    """What was removed."""
    return f"removed {_counted(entries)}, {fmt.size(_bytes(entries))!s}"


def verified(whole: int, damaged: Sequence[Entry]) -> str:
    """What was found whole, and what was not."""
    if not damaged:
        return f"all {whole} results are whole" if whole != 1 else "the one result is whole"
    was, are = ("was", "is") if len(damaged) == 1 else ("were", "are")
    kept = f"{fmt.count(whole, 'result')} {'is' if whole == 1 else 'are'} whole"
    return f"{kept}; {_counted(damaged)} {was} damaged, and {are} removed"


def _counted(entries: Sequence[Entry]) -> str:
    return fmt.count(len(entries), "result")


def _bytes(entries: Sequence[Entry]) -> int:
    return sum(entry.size_bytes for entry in entries)
