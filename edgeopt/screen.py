"""What the command line writes to: a console, JSON, a line of progress."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

if TYPE_CHECKING:
    from rich.console import Console

    from edgeopt.domain.run import Run


def console() -> Console:
    """Standard output; 100 columns where it is no terminal."""
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else 100)


def show(value: Any, shown: Any, as_json: bool) -> None:
    """A value as JSON, or what a report made of it."""
    if as_json:
        show_json(value)
    else:
        console().print(shown)


def show_json(value: Any) -> None:
    """One JSON value on standard output."""
    click.echo(json.dumps(msgspec.to_builtins(value, enc_hook=str), indent=2))


def show_run(run: Run, as_json: bool) -> None:
    """A run's summary and where its report is."""
    if as_json:
        show_json(run)
        return
    from edgeopt.report import terminal

    out = console()
    out.print(terminal.summary(run))
    out.print(f"Report: {Path(run.folder) / 'report.html'}", highlight=False, soft_wrap=True)


def progress() -> Any:
    """A listener that writes to the error stream; a context manager."""
    from edgeopt.report.progress import Progress

    return Progress(sys.stderr)
