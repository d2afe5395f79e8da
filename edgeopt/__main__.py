"""`edgeopt` and `python -m edgeopt`: nothing is imported from the current folder."""

from __future__ import annotations

import sys


def main() -> None:
    """The `edgeopt` command."""
    from edgeopt.jobs import interpreter

    interpreter.start()  # before the libraries of the command line are imported
    from edgeopt.cli import main as run

    run()


if __name__ == "__main__":
    if not sys.flags.safe_path:
        del sys.path[0]  # the current folder, which `-m` puts there
    main()
