"""Options that hand a run on to other programs: --csv, --parquet, --mlflow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgeopt.console import say

if TYPE_CHECKING:
    from edgeopt.domain.run import Run

#: Names of the options, for who passes the others on.
NAMES = ("csv", "parquet", "mlflow")

_FILE = click.Path(path_type=Path)
_OPTIONS = (
    click.option("--csv", type=_FILE, metavar="FILE", help="Also write the candidates as a table."),
    click.option("--parquet", type=_FILE, metavar="FILE", help="The same as Parquet."),
    click.option("--mlflow", metavar="URI", help="Log the run there: http://..., sqlite:///FILE."),
)


def exports(command: Callable[..., Any]) -> Callable[..., Any]:
    """A command with these options."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def require(options: dict[str, Any]) -> None:
    """Refuse at the start what could only fail at the end.

    Raises:
        BadInput: a file cannot lie there. NotInstalled: pyarrow or MLflow is missing.
    """
    from edgeopt.report import flat_file, mlflow_log

    flat_file.require(options["csv"], options["parquet"])
    if options["mlflow"] is not None:
        mlflow_log.require(options["mlflow"])


def export(run: Run, options: dict[str, Any], *, quiet: bool = False) -> None:
    """Do what was asked for with a run that lies in its folder.

    Args:
        quiet: stdout is for JSON.

    Raises:
        BadInput, CannotWrite: a file cannot be written, or MLflow does not take it.
        NotInstalled: pyarrow or MLflow is missing.
    """
    from edgeopt.report import flat_file, mlflow_log

    flat_file.write(run, options["csv"], options["parquet"])
    for path in (options["csv"], options["parquet"]):
        if path is not None:
            say(f"Table: {path}", error=quiet)
    if options["mlflow"] is not None:
        say(f"MLflow: run {mlflow_log.log(run, options['mlflow'])}", error=quiet)
