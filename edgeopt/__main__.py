"""`python -m edgeopt`: the command line, with nothing imported from the current folder."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    if not sys.flags.safe_path:
        del sys.path[0]  # the current folder, which `-m` puts there
    from edgeopt.cli import main

    main()
