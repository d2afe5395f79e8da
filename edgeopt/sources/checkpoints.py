"""Training checkpoints whose own tool exports them: known by the names in their pickle, which is
read as text and never run."""

from __future__ import annotations

import io
import pickletools
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from edgeopt.domain.errors import BadInput

#: Of the pickle, which holds the structure and no weights; those of real checkpoints have 0.3 MB.
MOST_BYTES = 64_000_000
#: A file of before PyTorch 1.6 is several pickles in a row; the model's is the fourth.
_MOST_PICKLES = 4


class Tool(NamedTuple):
    """Whose checkpoints they are. `export`: the line that makes an ONNX file of one."""

    name: str
    export: str


#: What the modules of a checkpoint's classes begin with -> the tool.
TOOLS = {
    "ultralytics": Tool("Ultralytics", "yolo export model={} format=onnx"),
    "models.yolo": Tool(
        "YOLOv5 or YOLOv7", "python export.py --weights {} --include onnx (in its repository)"
    ),
}


def refuse(path: Path) -> None:
    """Refuse a checkpoint of a tool that exports it.

    Raises:
        BadInput: it is one; the hint is the line that exports it.
    """
    tool = of(path)
    if tool is not None:
        raise BadInput(
            f"{path} is a checkpoint of {tool.name}: reading it would run its code.",
            f"Export it: {tool.export.format(path)}",
        )


def of(path: Path) -> Tool | None:
    """The tool whose classes a .pt names; None: no known one, or nobody can tell."""
    for module in _modules(_pickle(path)):
        for begin, tool in TOOLS.items():
            if module == begin or module.startswith(f"{begin}."):
                return tool
    return None


def _pickle(path: Path) -> bytes:
    """The pickle in an archive of PyTorch's, or the file itself; b"" where neither is there."""
    try:
        if not zipfile.is_zipfile(path):
            with path.open("rb") as file:
                return file.read(MOST_BYTES)
        with zipfile.ZipFile(path) as archive:
            names = [one for one in archive.namelist() if one.split("/")[-1] == "data.pkl"]
            if not names:
                return b""
            with archive.open(names[0]) as member:
                return member.read(MOST_BYTES)
    except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError):
        return b""


def _modules(pickle: bytes) -> Iterator[str]:
    """The modules whose classes a pickle names, in its order, as far as it can be followed."""
    stream = io.BytesIO(pickle)
    for _ in range(_MOST_PICKLES):
        texts: list[str] = []
        try:
            for opcode, argument, _ in pickletools.genops(stream):
                if opcode.name == "GLOBAL":
                    yield str(argument).split(" ")[0]
                elif "UNICODE" in opcode.name:
                    texts.append(str(argument))
                elif opcode.name == "STACK_GLOBAL":  # its two texts may be memoized ones
                    yield from texts
                    texts.clear()
        except Exception:  # bytes that are no pickle, or a part of one
            return
