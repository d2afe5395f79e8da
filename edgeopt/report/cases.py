"""What the tables of `edgeopt bench` have in common, whatever the mode."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

from edgeopt.report.artifact_names import cell, names

if TYPE_CHECKING:
    from rich.table import Table


class Named(Protocol):
    """An artifact in its runtime, with so many threads."""

    @property
    def path(self) -> str: ...
    @property
    def runtime(self) -> str: ...
    @property
    def threads(self) -> int: ...


Row = TypeVar("Row", bound=Named)


def blank(*headings: str, caption: str) -> Table:
    """An empty table with a case in its first columns."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, caption=caption, caption_justify="left")
    table.add_column("artifact", overflow="fold", ratio=1)
    for heading in ("runtime", "thr", *headings):
        table.add_column(heading)
    return table


def cases(rows: Sequence[Row]) -> Iterator[tuple[Row, list[str]]]:
    """Each row with its first cells."""
    for row, name in zip(rows, names([row.path for row in rows]), strict=True):
        yield row, [cell(name), row.runtime, str(row.threads)]
