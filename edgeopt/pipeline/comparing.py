"""compare(): what a run found, as one table over its targets."""

from __future__ import annotations

from pathlib import Path

from edgeopt.domain.comparison import Comparison
from edgeopt.domain.run import Run
from edgeopt.report.comparison import comparison
from edgeopt.store import run_folder
from edgeopt.targets import published


def compare(run: Run) -> Comparison:
    """The table of a run, of what its folder holds."""
    return comparison(run, run_folder.profiles(Path(run.folder)), published.rows())


def compare_folder(folder: Path) -> Comparison:
    """The table of a stored run; it may be going on still.

    Raises:
        BadInput: there is no run.
    """
    return compare(run_folder.read(folder))
