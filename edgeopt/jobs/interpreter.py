"""How programs are started, so that nothing that lies in the current folder runs.

`python -m` puts the current folder before everything else on the path of imports: a downloaded
model's folder may hold an `onnx.py`. An empty entry of PATH is the current folder, too.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, MutableMapping
from pathlib import Path

import edgeopt

#: Lists of folders in which programs, modules and libraries are looked for.
_PLACES = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH")

#: Python 3.11 and later: no folder of its own choice goes on the path, in what is started, too.
_SAFE = {"PYTHONSAFEPATH": "1"}


def command(*arguments: str) -> list[str]:
    """This interpreter, without the current folder on its path."""
    return [sys.executable, "-P", *arguments]


def environment(inherited: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment for a Python that imports edgeopt from where it is here.

    What PYTHONPATH says stays, but for the current folder.
    """
    found = dict(os.environ if inherited is None else inherited)
    clean(found)
    root = str(Path(edgeopt.__file__).parent.parent)
    found["PYTHONPATH"] = os.pathsep.join(filter(None, (root, found.get("PYTHONPATH"))))
    return found


def clean(environment: MutableMapping[str, str]) -> None:
    """Take the current folder out of an environment's lists of folders.

    Of programs and libraries it stays where it is named in full: somebody works in /usr/bin.
    """
    for name in _PLACES:
        if name in environment:
            places = [p for p in environment[name].split(os.pathsep) if os.path.isabs(p)]
            if name == "PYTHONPATH":
                places = [place for place in places if not _is_here(place)]
            environment[name] = os.pathsep.join(places)
    environment.update(_SAFE)


def _is_here(place: str) -> bool:
    try:
        return os.path.samefile(place, os.curdir)
    except OSError:
        return False
