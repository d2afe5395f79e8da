"""The table of whichever mode `edgeopt bench` was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from edgeopt.report import load_time_table, open_loop_table, sustained_table, throughput_table

if TYPE_CHECKING:
    from rich.console import RenderableType

TABLES: dict[str, Any] = {
    "sustained": sustained_table.render,
    "throughput": throughput_table.render,
    "open-loop": open_loop_table.render,
    "load-time": load_time_table.render,
}


def render(mode: str, rows: Sequence[Any], inputs: str) -> RenderableType:
    """The rows of `benchmarking.modes.ModeResult`, for a terminal."""
    told: RenderableType = TABLES[mode](rows, inputs)
    return told
