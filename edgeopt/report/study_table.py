"""A study in the terminal: the choice, the front, what failed."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table

from edgeopt.domain.study import Study
from edgeopt.report import format as fmt
from edgeopt.report.shown import Text
from edgeopt.report.study_page import WORKERS, counted, failures, timed_targets, trial_row


def render(study: Study, *, whole: bool = False) -> RenderableType:
    """One screen.

    Args:
        whole: all trials, not those of the front alone.
    """
    return Group(*_parts(study, whole))


def _parts(study: Study, whole: bool) -> Iterator[RenderableType]:
    best = study.best
    title = "No trial was taken" if best is None else f"Trial {best.number}"
    yield Text(f"{title}: {study.why}.", style="bold")
    yield Text(f"{study.name}: {counted(study)}")
    yield _table(study, whole)
    if study.workers:
        yield workers_table(study)
    for warning in study.warnings:
        yield Text(warning, style="yellow")
    for failure in failures(study)[-3:]:
        yield Text(failure, style="yellow")


def workers_table(study: Study) -> Table:
    """Who did what."""
    table = Table(box=None, pad_edge=False)
    for name in WORKERS:
        table.add_column(Text(name), justify="left" if name == WORKERS[0] else "right")
    for one in study.workers:
        numbers = (one.trials, one.trained, one.measured, one.lost)
        cells = (one.worker, *map(str, numbers), fmt.duration(one.seconds))
        table.add_row(*(Text(cell) for cell in cells))
    return table


def _table(study: Study, whole: bool) -> Table:
    table = Table(box=None, pad_edge=False)
    names = ("trial", "parameters", "score", *timed_targets(study), "size")
    for name in names:
        table.add_column(Text(name))
    shown = [one for one in study.trials if whole or one.number in (*study.front, study.chosen)]
    for one in shown:
        row = trial_row(study, one)
        number = f"{row.number} *" if one.number == study.chosen else str(row.number)
        cells = (number, row.params, row.score, *row.latency, row.size)
        table.add_row(*(Text(cell) for cell in cells))
    return table
