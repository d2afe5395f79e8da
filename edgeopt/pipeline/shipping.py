"""ship(): the bundle of another candidate of a finished run."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from edgeopt.domain.errors import BadInput
from edgeopt.domain.record import Record
from edgeopt.domain.run import Choice, Run
from edgeopt.jobs import disk, on_disk
from edgeopt.pipeline import near_roof
from edgeopt.pipeline.outputs import artifact_of, write_bundle
from edgeopt.report import aim_words, shortfall_words
from edgeopt.report.table import Row, rows
from edgeopt.search import choose, find
from edgeopt.store import run_folder
from edgeopt.store.listed import AGAIN, BUNDLES
from edgeopt.store.out import check_writable
from edgeopt.store.run_folder import RunFolder


@dataclass(frozen=True)
class Shipped:
    """What was handed over.

    Attributes:
        folder: the bundle. record: the candidate.
        misses: by what it falls short of the run's limits, and what is not known of it; a sentence
            each. Empty: it keeps them as far as was measured.
    """

    folder: Path
    record: Record
    misses: tuple[str, ...]


def ship(folder: Path, row: str, target: str | None = None, out: Path | None = None) -> Shipped:
    """Write the bundle of a row of a run's table.

    Args:
        row: its number in the table, words of its title, or the beginning of its recipe id.
        target: None: the run's only one.
        out: None: `TARGET-RECIPE` in the run's folder.

    Raises:
        BadInput: no such run, target or row; the run goes on; the artifact is gone or changed.
        CannotWrite: there is no room.
    """
    run = run_folder.read(folder)
    target = _target(run, target)
    if run.state != "finished":
        raise BadInput(f"{folder} is not finished, so its rows may change.", AGAIN)
    record = _record(run, target, row)
    kept = RunFolder(Path(run.folder))
    artifact = artifact_of(record, kept)
    if artifact is None:
        raise BadInput(
            f"the artifact of {record.title} is gone from {folder}, or is another one by now.",
            AGAIN,
        )
    place = out or kept.path / f"{target}-{record.recipe_id}"
    _require_own(place)
    with disk.ending(place):
        write_bundle(run, _instead(run, record, kept), artifact, place, kept)
    return Shipped(place, record, tuple(_misses(run, record)))


def _instead(run: Run, record: Record, folder: RunFolder) -> Choice:
    """The choice of its target, had it been this one: nothing was confirmed for it."""
    choice = run.choice(record.target)
    assert choice is not None, "a finished run has a choice for every target"
    return msgspec.structs.replace(
        choice,
        recipe_id=record.recipe_id,
        held=choice.held if choice.recipe_id == record.recipe_id else None,
        warnings=tuple(_misses(run, record)),
        roof=near_roof.of(run, record, folder),
    )


def _target(run: Run, asked: str | None) -> str:
    """Raises BadInput."""
    known = run.request.targets
    if asked is None and len(known) == 1:
        return known[0]
    if asked in known:
        return str(asked)
    said = "has several targets" if asked is None else f"has no target {asked!r}"
    raise BadInput(f"this run {said}.", f"Say --target with one of: {', '.join(known)}.")


def _record(run: Run, target: str, row: str) -> Record:
    """Raises BadInput."""
    table = [one for one in rows(run, target) if one.ok]
    if row.strip().isdecimal() and len(row.strip()) < _ID_CHARACTERS:
        return _numbered(run, target, table, int(row))
    records = [one for one in run.records if one.target == target and one.status == "ok"]
    try:
        return find.candidate(records, row)
    except BadInput as error:
        titles = {one.title: one for one in table}
        near = difflib.get_close_matches(row, titles, n=1, cutoff=0.4)
        nearest = f" The nearest is row {titles[near[0]].number}, {near[0]}." if near else ""
        raise BadInput(f"{error.args[0]}{nearest}", error.hint) from None


#: From here on a word of digits may be the beginning of an id.
_ID_CHARACTERS = 4


def _numbered(run: Run, target: str, table: Sequence[Row], number: int) -> Record:
    """Raises BadInput."""
    if not table:
        raise BadInput(f"{target} has no candidate that came through.", "There is nothing to ship.")
    if not 1 <= number <= len(table):
        nearest = table[0] if number < 1 else table[-1]
        raise BadInput(
            f"there is no row {number}: the table of {target} has rows 1 to {len(table)}.",
            f"The nearest is row {nearest.number}, {nearest.title}.",
        )
    found = run.record(target, table[number - 1].recipe_id)
    assert found is not None
    return found


def _misses(run: Run, record: Record) -> list[str]:
    limits = run.request.constraints
    found = [shortfall_words.clause(one) for one in choose.shortfalls(record, limits)]
    found += aim_words.unchecked(record, limits)
    if record.confirm_drop is None:
        found.append("it was not scored on the held-out samples")
    return found


def _require_own(place: Path) -> None:
    """Refuse a folder that holds something else than a bundle. Raises BadInput."""
    check_writable(place)
    kind = on_disk.kind(place)
    if kind == "file" or (kind == "folder" and any(place.iterdir()) and not _is_bundle(place)):
        raise BadInput(f"{place} holds something else.", "Give a new folder with --out.")


def _is_bundle(place: Path) -> bool:
    return on_disk.kind(place / BUNDLES) == "file" and on_disk.kind(place / "run.json") == "nothing"
