"""The input formats, told apart by suffix and content before anything is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from edgeopt.domain.errors import BadInput
from edgeopt.jobs import on_disk
from edgeopt.runtimes import archive
from edgeopt.sources import checkpoints, content


class Format(NamedTuple):
    """One input format.

    Attributes:
        module: its file, with `inspect` and `prepare` (see `load`).
        program: why it is read under `--trust` only, or "": the end of "FILE is a ...".
        torch: whether it holds a module of PyTorch, which gives the source's answers then.
    """

    module: str
    program: str = ""
    torch: bool = False


_PICKLE = "pickle: reading it runs whatever code is inside it"

#: A new format is a row here, its suffix below, and a file beside this one.
FORMATS = {
    "onnx": Format("edgeopt.sources.onnx"),
    "pt2": Format("edgeopt.sources.exported_program", torch=True),
    "torchscript": Format(
        "edgeopt.sources.torchscript",
        "TorchScript archive: a program, which can read and write files when it runs",
        torch=True,
    ),
    "pickle": Format("edgeopt.sources.pickled_module", _PICKLE, torch=True),
    "tflite": Format("edgeopt.sources.tflite"),
    "keras": Format("edgeopt.sources.keras"),
    "h5": Format("edgeopt.sources.keras"),
    "saved-model": Format(
        "edgeopt.sources.saved_model",
        "SavedModel: a program, which can read and write files when it runs",
    ),
    "skops": Format("edgeopt.sources.sklearn"),
    "joblib": Format("edgeopt.sources.sklearn", _PICKLE),
}

#: File suffix -> format. A .pt or .pth that is TorchScript is found by its content, and so is what
#: has another suffix (.torchscript, .ptl, none).
SUFFIXES = {
    ".onnx": "onnx",
    ".pt2": "pt2",
    ".pt": "pickle",
    ".pth": "pickle",
    ".tflite": "tflite",
    ".keras": "keras",
    ".h5": "h5",
    ".hdf5": "h5",
    ".skops": "skops",
    ".joblib": "joblib",
    ".pkl": "joblib",
}

#: What a SavedModel's folder holds.
SAVED_MODEL = "saved_model.pb"

#: What is said of a program that is not trusted.
SAFER = {
    "pickle": "better, save it with torch.export.save (.pt2).",
    "torchscript": "better, export the original module with torch.export (.pt2).",
    "saved-model": "better, give the Keras model (.keras).",
    "joblib": "better, save it with skops.io.dump (.skops).",
}


def known() -> str:
    """The suffixes, for a hint."""
    return f"{', '.join(SUFFIXES)}, or the folder of a SavedModel."


def recognise(path: Path) -> str:
    """The format of a model file, which is refused early where it plainly is none.

    Only its name and its first bytes are looked at, and the checksums of an archive.

    Raises:
        BadInput: missing, a folder of something else, empty, of an unknown suffix, or
            not what its suffix says.
    """
    suffix = path.suffix.lower()
    found = on_disk.kind(path)
    if found == "nothing":
        hint = f"Give the path of a model file. {on_disk.near(path)}"
        raise BadInput(f"there is no file {on_disk.shown(path)}.", hint.rstrip())
    if found == "folder":
        if (path / SAVED_MODEL).is_file():
            return "saved-model"
        raise BadInput(f"{path} is a folder, not a model file.", f"Known: {known()}")
    if path.name == SAVED_MODEL:
        raise BadInput(f"{path} is a part of a SavedModel.", f"Give its folder: {path.parent}.")
    if path.stat().st_size == 0:
        raise BadInput(f"{path} is empty.", "Was it copied completely?")
    by_content = content.known(path)
    if suffix not in SUFFIXES and by_content is None:
        raise BadInput(
            f"{path} has a suffix that is not known: {suffix or 'none'}.",
            f"Nothing in it tells what it is. Known: {known()}",
        )
    if suffix not in SUFFIXES or (SUFFIXES[suffix], by_content) == ("pickle", "torchscript"):
        assert by_content is not None
        return by_content
    _look(path, SUFFIXES[suffix])
    if SUFFIXES[suffix] == "pickle":
        checkpoints.refuse(path)
    return SUFFIXES[suffix]


#: Format -> the file that its zip archive must hold ("": any), what it is, how it is made.
_ARCHIVES = {
    "pt2": (
        "",
        "exported program",
        "Make it with torch.export.save(torch.export.export(module, example_inputs), path).",
    ),
    "keras": ("config.json", "Keras 3 model", "Make it with model.save('model.keras')."),
    "skops": ("schema.json", "skops file", "Make it with skops.io.dump(estimator, path)."),
}

#: Format -> where its mark stands, the mark, what it is.
_MARKS = {
    "tflite": (4, b"TFL3", "LiteRT (TFLite) model"),
    "h5": (0, b"\x89HDF\r\n\x1a\n", "HDF5 file"),
}


def _look(path: Path, name: str) -> None:
    """Refuse a file whose first bytes or whose contents cannot be of a format."""
    with path.open("rb") as file:
        head = file.read(16)
    if name in _MARKS:
        at, mark, what = _MARKS[name]
        if head[at : at + len(mark)] != mark:
            raise BadInput(
                f"{path} is no {what}: its first bytes are others.", "Export or copy it again."
            )
    if name in _ARCHIVES:
        member, what, hint = _ARCHIVES[name]
        members = archive.names(path)
        if members is None:
            raise BadInput(
                f"{path} is no {what}: it is not a zip archive, or it is truncated.", hint
            )
        if damage := archive.damage(path):
            raise BadInput(
                f"{path} is no {what} that can be read: {damage}.", "Export or copy it again."
            )
        if member and member not in members:
            raise BadInput(f"{path} is no {what}: there is no {member} in it.", hint)
    if name in ("onnx", "pickle", "joblib") and not any(head):  # a hole, which may be large
        what = "an ONNX model" if name == "onnx" else "a pickle"
        raise BadInput(f"{path} is not {what}, or it is truncated.", "Export or copy it again.")
