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

#: Relative folders that PYTHONPATH named, as absolute ones: for what the user names alone.
_NAMED = "EDGEOPT_MODULES"

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


def start() -> None:
    """Make this process, and what it starts, import nothing from the current folder."""
    if "PYTHONPATH" in os.environ:
        said = os.environ["PYTHONPATH"].split(os.pathsep)
        left_out = {_whole(p) for p in said if not os.path.isabs(p) or _is_here(p)}
        sys.path[:] = [p for p in sys.path if p not in left_out]
    clean(os.environ)


def own_places() -> list[str]:
    """Where modules lie that the user names: the current folder, and PYTHONPATH's relative ones."""
    named = os.environ.get(_NAMED, "").split(os.pathsep)
    return list(dict.fromkeys([os.getcwd(), *filter(None, named)]))


def clean(environment: MutableMapping[str, str]) -> None:
    """Take the current folder out of an environment's lists of folders.

    Of programs and libraries it stays where it is named in full: somebody works in /usr/bin.
    Other relative folders of PYTHONPATH are kept for `own_places`.
    """
    said = environment.get("PYTHONPATH", "").split(os.pathsep)
    named = [_whole(p) for p in said if p and not os.path.isabs(p) and not _is_here(p)]
    if named:
        environment[_NAMED] = os.pathsep.join(named)
    for name in _PLACES:
        if name in environment:
            places = [p for p in environment[name].split(os.pathsep) if os.path.isabs(p)]
            if name == "PYTHONPATH":
                places = [place for place in places if not _is_here(place)]
            environment[name] = os.pathsep.join(places)
    environment.update(_SAFE)


def _whole(place: str) -> str:
    """As Python puts it on its path, where the current folder is there."""
    try:
        return os.path.abspath(place)
    except FileNotFoundError:
        return place


def _is_here(place: str) -> bool:
    try:
        return os.path.samefile(place, os.curdir)
    except OSError:
        return False
