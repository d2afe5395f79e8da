"""python only.py PACKAGE,... SCRIPT ARGUMENT...: runs a script that may import no others.

What may be imported: the standard library, the packages named, and what lies beside the script.
"""

import importlib.abc
import runpy
import sys
from pathlib import Path

BESIDE = {path.stem for path in Path(sys.argv[2]).parent.glob("*.py")}
ALLOWED = {*sys.stdlib_module_names, *sys.argv[1].split(","), *BESIDE}


class Guard(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] not in ALLOWED:
            raise ModuleNotFoundError(f"{name} may not be imported here", name=name)


sys.meta_path.insert(0, Guard())
sys.argv = sys.argv[2:]
runpy.run_path(sys.argv[0], run_name="__main__")
