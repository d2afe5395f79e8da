"""`edgeopt show`: a run's file in Netron, a viewer of networks. Heavy rooms are imported inside."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from edgeopt.command import Command
from edgeopt.console import say
from edgeopt.domain.errors import BadInput, NotInstalled

#: Files that hold no graph which a viewer reads.
_CLOSED = (".engine", ".plan")


@click.command(cls=Command, short_help="Open a model file of a run in Netron.")
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("candidate", required=False)
@click.option("--target", help="A target of the run; default: the first.")
@click.option("--path", "path_only", is_flag=True, help="Print where the file is, open nothing.")
def show(run: Path, candidate: str | None, target: str | None, path_only: bool) -> None:
    """Open the chosen file of RUN in Netron; or CANDIDATE's: its id, or words of its title."""
    file = file_of(run, target, candidate)
    say(str(file))
    if path_only:
        return
    if not has_display(os.environ, sys.platform):
        say("This machine has no display: open the file where there is one.", error=True)
        return
    netron = _netron()
    netron.start(str(file))
    say("Netron shows it in the browser. Ctrl+C ends it.", error=True)
    netron.wait()


def file_of(folder: Path, target: str | None, candidate: str | None) -> Path:
    """The file that a session opens: of what was chosen, or of the candidate that is named.

    Raises:
        BadInput: there is no such run, target or candidate, or its file is gone.
    """
    from edgeopt.search import find
    from edgeopt.store import run_folder

    run = run_folder.read(folder)
    name = target or run.request.targets[0]
    if name not in run.request.targets:
        there = ", ".join(run.request.targets)
        raise BadInput(f"the run has no target {name!r}.", f"It has {there}.")
    records = [record for record in run.records if record.target == name]
    choice = run.choice(name)
    record = find.candidate(records, candidate) if candidate else None
    if record is None and choice is not None:
        record = run.record(name, choice.recipe_id)
    if record is None:
        hint = f"Name a candidate: edgeopt show {folder} WORDS. {find.there(records)}"
        raise BadInput(f"nothing was chosen for {name}.", hint)
    if record.artifact is None:
        raise BadInput(f"{record.title} has no file: {record.reason}")
    file = Path(run.folder) / record.artifact
    if not file.exists():
        raise BadInput(f"{file} is not there any more.", "The same optimize call makes it again.")
    if file.suffix in _CLOSED:
        raise BadInput(f"{file} is an engine for one GPU, which no viewer reads.")
    return file


def has_display(environment: Mapping[str, str], platform: str) -> bool:
    """Whether a browser can show something here; over ssh without forwarding it cannot."""
    return platform != "linux" or any(
        environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    )


def _netron() -> Any:
    try:
        return importlib.import_module("netron")
    except ImportError as error:
        missing = "Netron, which shows networks, is not installed."
        raise NotInstalled(missing, "pip install netron") from error
