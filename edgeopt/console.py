"""What commands print with. Heavy rooms are imported in the functions."""

from __future__ import annotations

import json
import os
import re
import sys
from typing import TYPE_CHECKING, Any

import click

from edgeopt.domain.visible import lines

if TYPE_CHECKING:
    from edgeopt.report.progress import Progress
    from edgeopt.report.shown import Console

WIDTH, HEIGHT = 100, 25
NARROWEST = 40
_LISTENER = "edgeopt.progress"


def console() -> Console:
    """For tables on stdout: as wide as the terminal, else $COLUMNS, else 100 columns."""
    from edgeopt.report.shown import Console

    asked = os.environ.get("COLUMNS", "")
    if asked.isdecimal() and int(asked) >= NARROWEST:
        return Console(width=int(asked), height=HEIGHT)
    return Console() if sys.stdout.isatty() else Console(width=WIDTH, height=HEIGHT)


def say(*parts: str, error: bool = False) -> None:
    """Lines for a person, on stdout or stderr."""
    click.echo(lines(*parts), err=error)


def say_error(message: str, hint: str = "") -> None:
    """An error on stderr; each line of its hint is indented, so that none passes for a message."""
    click.secho("error: ", fg="red", bold=True, err=True, nl=False)
    say(message, *(f"  {line}" for line in hint.splitlines() if line.strip()), error=True)


def print_json(value: Any) -> None:
    """One JSON value on stdout."""
    print_data(json.dumps(value, indent=2, default=str))


def print_data(text: str) -> None:
    """JSON on stdout, in ASCII: true for every reader, and nothing that a terminal obeys."""
    click.echo(re.sub("[^\n -~]", _escaped, text))


def _escaped(found: re.Match[str]) -> str:
    return json.dumps(found[0])[1:-1] if found[0] != "\x7f" else "\\u007f"


def progress(time_s: float | None = None) -> Progress:
    """A listener on stderr; a context manager.

    Args:
        time_s: seconds that the call may take: what is left of them is told.
    """
    from edgeopt.report.progress import Progress

    listener = Progress(sys.stderr, time_s)
    context = click.get_current_context(silent=True)
    if context is not None:
        context.meta[_LISTENER] = listener
    return listener


def doing(context: click.Context) -> str:
    """What the command's listener heard last, "" where it has none."""
    listener = context.meta.get(_LISTENER)
    return listener.last if listener is not None else ""
