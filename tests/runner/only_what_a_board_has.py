"""The real runner where nothing can be imported but what its own files say they need.

python only_what_a_board_has.py PACKAGE ... allows the standard library, numpy, the packages
named, and edgeopt's runner and runtimes.
"""

from __future__ import annotations

import importlib.abc
import runpy
import sys

ROOMS = ("runner", "runtimes")


class Blocker(importlib.abc.MetaPathFinder):
    def __init__(self, packages: list[str]) -> None:
        self._allowed = {*sys.stdlib_module_names, "numpy", *packages}

    def find_spec(self, name: str, path=None, target=None) -> None:
        first, _, rest = name.partition(".")
        own = first == "edgeopt" and (not rest or rest.partition(".")[0] in ROOMS)
        if not own and first not in self._allowed:
            sys.stderr.write(f"refused: {name}\n")
            raise ModuleNotFoundError(f"a board has no {name}", name=name)


sys.meta_path.insert(0, Blocker(sys.argv[1:]))
sys.argv[1:] = []
runpy.run_module("edgeopt.runner", run_name="__main__")
