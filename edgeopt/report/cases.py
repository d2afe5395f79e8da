"""What the tables of all modes have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeopt.domain.case import Case

if TYPE_CHECKING:
    from rich.table import Table


def blank(*headings: str, caption: str) -> Table:
    """An empty table with a case in its first columns."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, caption=caption, caption_justify="left")
    table.add_column("artifact", overflow="fold", ratio=1)
    for heading in ("runtime", "thr", *headings):
        table.add_column(heading)
    return table


def case(row: Case) -> list[str]:
    """The first cells of a row."""
    return [row.path, row.runtime, str(row.threads)]
