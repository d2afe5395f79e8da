"""What a model file is by its content alone, where it has a mark of its own."""

from __future__ import annotations

from pathlib import Path

from edgeopt.runtimes import archive

#: Where a mark stands, the mark, the format.
_MARKS = ((4, b"TFL3", "tflite"), (0, b"\x89HDF\r\n\x1a\n", "h5"))

#: Format -> files that its archive holds, without the folder that PyTorch puts them in.
_INSIDE = {
    "torchscript": ("constants.pkl", "code/"),
    "pt2": ("archive_format", "models/"),
    "keras": ("config.json", "metadata.json"),
    "skops": ("schema.json",),
}


def known(path: Path) -> str | None:
    """The format that a file's first bytes or its table of contents tell; None: they do not.

    ONNX and pickles have no mark.
    """
    with path.open("rb") as file:
        head = file.read(16)
    for at, mark, name in _MARKS:
        if head[at : at + len(mark)] == mark:
            return name
    names = archive.names(path)
    if names is None:  # none, or a damaged one, which its suffix's reader refuses
        return None
    inside = {*names, *(name.partition("/")[2] for name in names)}
    for name, wanted in _INSIDE.items():
        if all(any(_is(found, want) for found in inside) for want in wanted):
            return name
    return None


def _is(found: str, wanted: str) -> bool:
    """Whether a name in an archive is the wanted file, or lies in the wanted folder."""
    return found.startswith(wanted) if wanted.endswith("/") else found == wanted
