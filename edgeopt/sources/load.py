"""From a path to a prepared source: picks the format's file and runs it in a child."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import msgspec

from edgeopt.domain.errors import BadInput
from edgeopt.jobs import child
from edgeopt.sources.source import Inspected, Source

#: File suffix -> (format, module). A new format is a row here and a file beside this one.
FORMATS = {
    ".onnx": ("onnx", "edgeopt.sources.onnx"),
    ".pt2": ("pt2", "edgeopt.sources.exported_program"),
    ".pt": ("pickle", "edgeopt.sources.pickled_module"),
    ".pth": ("pickle", "edgeopt.sources.pickled_module"),
}


def inspect(path: Path, trust: bool, log: Path, timeout_s: float) -> Inspected:
    """What the file says of its inputs. Nothing is unpickled without `trust`.

    Raises:
        BadInput: it is no model, or not one that can be read; one sentence says why.
        NotInstalled: its format needs a package that is missing.
    """
    module = check_file(path)
    if FORMATS[path.suffix.lower()][0] == "pickle" and not trust:
        raise BadInput(
            f"{path} is a pickle: reading it runs whatever code is inside it.",
            "If you made it yourself, say --trust; better, save it with torch.export.save (.pt2).",
        )
    found = _child(f"{module}:inspect", {"path": str(path)}, path, log, timeout_s)
    return msgspec.convert(found, Inspected)


def prepare(
    inspected: Inspected,
    shapes: dict[str, tuple[int, ...]],
    sample: Path | None,
    folder: Path,
    log: Path,
    timeout_s: float,
) -> Source:
    """Write the forms that converters start from into `folder`.

    Args:
        shapes: the fixed shape of each input.
        sample: an .npz with one sample of each input at that shape, for checking the
            prepared forms against the original; None: zeros.

    Raises:
        BadInput, NotInstalled: as `inspect`.
    """
    module = FORMATS[Path(inspected.path).suffix.lower()][1]
    argument = {
        "path": inspected.path,
        "inputs": msgspec.to_builtins(inspected.inputs),
        "shapes": {name: list(shape) for name, shape in shapes.items()},
        "sample": str(sample) if sample else None,
        "folder": str(folder),
    }
    path = Path(inspected.path)
    return msgspec.convert(_child(f"{module}:prepare", argument, path, log, timeout_s), Source)


def check_file(path: Path) -> str:
    """The module for a model file, refused early where it plainly is none.

    Raises:
        BadInput: missing, a folder, empty, of an unknown suffix, or with a wrong magic.
    """
    suffix = path.suffix.lower()
    if not path.exists():
        raise BadInput(f"there is no file {path}.", "Give the path of a model file.")
    if path.is_dir():
        raise BadInput(f"{path} is a folder, not a model file.", f"Known: {', '.join(FORMATS)}.")
    if suffix not in FORMATS:
        raise BadInput(
            f"{path} has a suffix that is not known: {suffix or 'none'}.",
            f"Known: {', '.join(FORMATS)}.",
        )
    if path.stat().st_size == 0:
        raise BadInput(f"{path} is empty.", "Was it copied completely?")
    if suffix == ".pt2" and not zipfile.is_zipfile(path):
        raise BadInput(
            f"{path} is no exported program: it is not a zip archive, or it is truncated.",
            "Make it with torch.export.save(torch.export.export(module, example_inputs), path).",
        )
    return FORMATS[suffix][1]


def _child(function: str, argument: Any, path: Path, log: Path, timeout_s: float) -> Any:
    try:
        return child.run(function, argument, log, timeout_s)
    except child.ChildFailed as error:
        raise BadInput(f"{path} cannot be read: {error.args[0]}", error.hint) from error
