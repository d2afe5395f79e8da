"""What commands print with. Heavy rooms are imported in the functions."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console


def console() -> Console:
    """For tables on stdout."""
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else 100)


def print_json(value: Any) -> None:
    """One JSON value on stdout."""
    click.echo(json.dumps(value, indent=2, default=str))


def progress() -> Any:
    """A listener on stderr; a context manager."""
    from edgeopt.report.progress import Progress

    return Progress(sys.stderr)
