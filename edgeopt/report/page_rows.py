"""The rows of the page's table: those of the terminal, with percent, points and short names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgeopt.domain.record import Record
from edgeopt.domain.run import Run
from edgeopt.report import loss_cells
from edgeopt.report.distinct import distinct
from edgeopt.report.table import Cell, Row


@dataclass(frozen=True)
class PageRow:
    """A row, and its figures in percent and points.

    Attributes:
        loss: on the choosing samples. held_out: on the held-out ones, empty where not taken.
    """

    row: Row
    score: Cell
    loss: Cell
    held_out: Cell

    @property
    def has_more(self) -> bool:
        """Whether there is something to unfold."""
        row = self.row
        return bool(row.notes or row.speedup.word or len(row.executed) > SHORT)


SHORT = 24
"""Characters of "ran as" that stand in the row; a reason why it is not known is unfolded."""


def page_rows(run: Run, target: str, rows: Sequence[Row]) -> list[PageRow]:
    """The same rows in the same order."""
    records = {r.recipe_id: r for r in run.records if r.target == target and r.recipe_id}
    return [_row(row, records.get(row.recipe_id or "")) for row in rows]


def _row(row: Row, record: Record | None) -> PageRow:
    if record is None:
        return PageRow(row, Cell(), Cell(), Cell())
    return PageRow(
        row,
        loss_cells.score_cell(record.score, record.drop),
        loss_cells.loss_cell(record.drop),
        loss_cells.loss_cell(record.confirm_drop),
    )


def front_names(front: Sequence[Row]) -> dict[str | None, str]:
    """By recipe id: names of which no two are the same."""
    names = distinct({row.recipe_id: (row.name, row.settings) for row in front})
    return {row.recipe_id: names[row.recipe_id] for row in front}
