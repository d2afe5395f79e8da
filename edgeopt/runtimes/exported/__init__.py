"""Exported programs (.pt2), read so that nothing in the file runs (`docs/decisions/0018`).

PyTorch's own reader unpickles weights, constants and sample inputs, evaluates shape expressions
and guards, and calls what is named. So what reaches it is a copy, written here from what is known
to be data: every part against its checksum, the program by rules, the sample inputs left out.
"""

from __future__ import annotations

import os
import tempfile
import zipfile
from typing import TYPE_CHECKING, Any, Iterator

from edgeopt.runtimes import archive as archives
from edgeopt.runtimes.exported import examples, hints, operators, program, zipped
from edgeopt.runtimes.exported.refused import Damaged, NeedsTrust, NoProgram

if TYPE_CHECKING:
    from torch.export import ExportedProgram

PACKAGES = ("torch",)  # to load; to check, nothing

READER = "torch.export.pt2_archive._package"
"""What PyTorch imports when it reads one: its compiler, and with it sympy."""

__all__ = ["READER", "Damaged", "NeedsTrust", "NoProgram", "check", "load", "written"]

_TABLES = {
    zipped.WEIGHTS: ("weight", "weight_", "data/weights/"),
    zipped.CONSTANTS: ("constant", "tensor_", "data/constants/"),
}


def load(path: str, trusted: bool = False) -> ExportedProgram:
    """Read an exported program; one that is not trusted has zeros for its `example_inputs`.

    Args:
        trusted: code inside the file may run.

    Raises:
        Damaged: a part of it is not what was written.
        NeedsTrust: there is more in it than `torch.export.save` writes as data; names the part.
        NoProgram: there is none.
        Exception: what PyTorch raises where it is no program that it reads.
    """
    if trusted:
        _check_trusted(path)
        return written(path)
    with tempfile.TemporaryDirectory(prefix="edgeopt-pt2-") as folder:
        copy = os.path.join(folder, "model.pt2")
        write_plain(path, copy)
        found = written(copy)
    operators.check_found(found)
    found.example_inputs = examples.stand_in(found)
    return found


def written(path: str) -> ExportedProgram:
    """Read one that edgeopt wrote itself, unchecked.

    Raises:
        Exception: what PyTorch raises.
    """
    import torch

    hints.look_up_once()
    return torch.export.load(path)


def check(path: str) -> None:
    """Read an exported program as `load` would, and leave it at that: PyTorch is not needed.

    Raises:
        Damaged, NeedsTrust, NoProgram: as `load`.
    """
    with zipped.Archive(path) as archive:
        for name in archive.names:
            for _ in _plain(archive, name):
                pass


def _check_trusted(path: str) -> None:
    """Damage is no matter of trust. Raises Damaged, NoProgram: as `load`."""
    try:
        check(path)
    except NeedsTrust:  # what else is in it is known to nobody, but it has checksums
        found = archives.damage(path)
        if found:
            raise Damaged(found) from None


def write_plain(path: str, copy: str) -> None:
    """Copy what is data in an exported program.

    Raises:
        Damaged, NeedsTrust, NoProgram: as `load`.
    """
    with zipped.Archive(path) as archive, zipfile.ZipFile(copy, "w") as out:
        for name in archive.names:
            large = archive.size(name) >= 1 << 31
            with out.open("model/" + name, "w", force_zip64=large) as file:
                for piece in _plain(archive, name):
                    file.write(piece)


def _plain(archive: zipped.Archive, name: str) -> Iterator[bytes]:
    """What may stand in a part. All of it is read: its checksum tells of damage."""
    if name == zipped.PROGRAM:
        yield program.program(archive.read(name))
    elif name in _TABLES:
        yield program.encoded(_table(archive, name))
    else:
        skipped = name == zipped.SAMPLE_INPUTS or name.startswith("extra/")
        for piece in archive.pieces(name):
            if not skipped:
                yield piece


def _table(archive: zipped.Archive, name: str) -> dict:
    which, stem, folder = _TABLES[name]
    table = program.payloads(archive.read(name), which, stem)
    for key, about in table.get("config", {}).items():
        if archive.size(folder + about["path_name"]) == 0 and not _is_empty(about):
            raise Damaged("its {} {} has no bytes".format(which, key))
    return table


def _is_empty(about: Any) -> bool:
    return any(size == {"as_int": 0} for size in about["tensor_meta"]["sizes"])
