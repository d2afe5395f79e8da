"""How a runner's Python is started, so that the folder it is started in is not imported from.

Boards have Pythons down to 3.9, which know no `-P`.
"""

from __future__ import annotations

#: Nothing is imported before the path is clear: `sys` is built in.
_START = (
    "import sys; sys.path[:] = [p for p in sys.path if p not in ('', '.')]; import runpy; "
    "runpy.run_module(sys.argv[2], run_name='__main__', alter_sys=True)"
)

#: What comes after the interpreter.
ARGUMENTS = ("-c", _START, "-m", "edgeopt.runner")
