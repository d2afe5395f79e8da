"""`edgeopt` and `python -m edgeopt`: nothing is imported from the current folder."""

from __future__ import annotations

import sys


def main() -> None:
    """The `edgeopt` command."""
    try:
        from edgeopt.jobs import interpreter

        interpreter.start()  # before the libraries of the command line are imported
        from edgeopt.cli import main as run

        run()
    except KeyboardInterrupt:  # before there is a command that ends as it should
        if sys.stderr is not None:
            sys.stderr.write("stopped\n")
        raise SystemExit(130) from None


if __name__ == "__main__":
    if not sys.flags.safe_path:
        del sys.path[0]  # the current folder, which `-m` puts there
    main()
