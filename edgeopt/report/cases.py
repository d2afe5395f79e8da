"""What the tables of `edgeopt bench` have in common, whatever the mode."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

from edgeopt.domain.visible import lines
from edgeopt.report.artifact_names import cell, names

if TYPE_CHECKING:
    from rich.table import Table

    from edgeopt.report.shown import Fitting


class Named(Protocol):
    """An artifact in its runtime, with so many threads."""

    @property
    def path(self) -> str: ...
    @property
    def runtime(self) -> str: ...
    @property
    def threads(self) -> int: ...


Row = TypeVar("Row", bound=Named)


class CaseTable:
    """A table with a case in its first columns, or in the first one where there is no room.

    Args:
        headings: of the columns after those.
    """

    def __init__(self, *headings: str, caption: str) -> None:
        self._headings, self._caption = headings, caption
        self._rows: list[tuple[str, ...]] = []

    def add_row(self, *cells: str) -> None:
        """As rich's tables: name, runtime, threads, and a cell for each heading."""
        self._rows.append(cells)

    def __rich__(self) -> Fitting:
        from edgeopt.report.shown import Fitting

        return Fitting(self._wide, self._narrow)

    def _table(self, *headings: str) -> Table:
        from rich.table import Table

        table = Table(box=None, pad_edge=False, caption=self._caption, caption_justify="left")
        table.add_column("artifact", overflow="fold", ratio=1)
        for heading in headings:
            table.add_column(heading, overflow="fold")
        return table

    def _wide(self) -> Table:
        table = self._table("runtime", "thr", *self._headings)
        for cells in self._rows:
            table.add_row(*cells)
        return table

    def _narrow(self) -> Table:
        table = self._table(*self._headings)
        for name, runtime, threads, *figures in self._rows:
            table.add_row(below(name, runtime, threads), *figures)
        return table


def below(name: str, runtime: str, threads: str) -> str:
    """A case in one cell."""
    return lines(name, f"{runtime}, {threads} thr") if runtime else name


def cases(rows: Sequence[Row]) -> Iterator[tuple[Row, list[str]]]:
    """Each row with its first cells."""
    for row, name in zip(rows, names([row.path for row in rows]), strict=True):
        yield row, [cell(name), row.runtime, str(row.threads)]
