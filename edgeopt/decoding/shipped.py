"""ON THE HOST. The files of this room that a bundle carries, and those that these import."""

from __future__ import annotations

import ast
from pathlib import Path

from edgeopt.decoding import HEADS

_ROOM = "edgeopt.decoding"
_IMPORT = (f"from {_ROOM}", "from decoding")  # here, and in a bundle
_WITH_ANY = ("detections", "placement", "outputs")
#: What turns files into inputs and outputs into answers, of any task.
_OF_A_TASK = ("serving", "plain", "opening", "drawing")


def files(head):
    """{path in the bundle: text} of a head: a package `decoding`, without edgeopt.

    Raises:
        KeyError: there is no such head.
    """
    return _closed([HEADS[head], *_WITH_ANY])


def of_task(head=""):
    """{path in the bundle: text} of what answers a task, its head among it where it has one.

    Raises:
        KeyError: there is no such head.
    """
    return _closed([*([HEADS[head]] if head else []), *_WITH_ANY, *_OF_A_TASK])


def _closed(modules):
    """The files of modules and of all that they import."""
    waiting, texts = list(modules), {}
    while waiting:
        module = waiting.pop()
        path = f"decoding/{module}.py"
        if path not in texts:
            text = Path(__file__).with_name(f"{module}.py").read_text("utf-8")
            texts[path] = text.replace(*_IMPORT)
            waiting += _imported(text)
    return {"decoding/__init__.py": "", **dict(sorted(texts.items()))}


def _imported(text):
    """The modules of this room that a text imports."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.module == _ROOM:
            found += [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom) and str(node.module).startswith(f"{_ROOM}."):
            found.append(node.module.rpartition(".")[2])
    return found
