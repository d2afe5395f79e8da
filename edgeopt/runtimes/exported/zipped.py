"""The zip archive of an exported program: read whole, by its names, before anything in it counts.

Sizes, names and checksums are looked at here; what the parts mean is `program`'s business.
"""

from __future__ import annotations

import os
import re
import zipfile
from typing import Iterator, List, Tuple

from edgeopt.runtimes.exported.refused import Damaged, NeedsTrust, NoProgram
from edgeopt.runtimes.npz import DAMAGED

PIECE = 1 << 20
MEMBERS = 200_000

PROGRAM = "models/model.json"
WEIGHTS = "data/weights/model_weights_config.json"
CONSTANTS = "data/constants/model_constants_config.json"
SAMPLE_INPUTS = "data/sample_inputs/model.pt"

#: The members that `torch.export.save` writes, below the archive's one folder.
_KNOWN = re.compile(
    r"archive_format|archive_version|byteorder|\.data/version|\.data/serialization_id"
    r"|models/model\.json|data/weights/(model_weights_config\.json|weight_\d{1,9})"
    r"|data/constants/(model_constants_config\.json|tensor_\d{1,9})"
    r"|data/sample_inputs/model\.pt|extra/[^\\]+"
)

#: What else is found in such archives, by the beginning of its name.
_OTHERS = (
    ("data/aotinductor/", "compiled code"),
    ("data/executorch/", "a program for ExecuTorch"),
    ("data/constants/custom_obj_", "a pickled object"),
    ("data/constants/opaque_obj_", "a pickled object"),
    ("data/constants/", "constants in a pickle, as older versions of PyTorch wrote them"),
    ("data/weights/", "weights in a pickle, as older versions of PyTorch wrote them"),
    ("models/", "a second program"),
)


class Archive:
    """An archive whose table of contents is one of an exported program.

    Attributes:
        names: its members, without the folder that PyTorch puts them in.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._zip, self._entries = _opened(path)
        self.names: List[str] = list(self._entries)

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def size(self, name: str) -> int:
        """Bytes of a member. Raises Damaged: there is none."""
        if name not in self._entries:
            raise Damaged("{} is missing".format(name))
        return self._entries[name].file_size

    def pieces(self, name: str) -> Iterator[bytes]:
        """A member, piece by piece; the last one comes after its checksum was right.

        Raises:
            Damaged: it is not what was written.
        """
        self.size(name)
        return _pieces(self._zip, self._entries[name], name)

    def read(self, name: str) -> bytes:
        """A whole member. Raises Damaged: as `pieces`."""
        return b"".join(self.pieces(name))


def _pieces(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> Iterator[bytes]:
    try:
        with archive.open(entry) as file:
            left = entry.file_size
            while left > 0:
                piece = file.read(PIECE)
                if not piece:
                    raise EOFError
                left -= len(piece)
                yield piece
            file.read(1)  # the checksum of an empty one, too
    except DAMAGED as error:
        raise Damaged("its part {} is not what was written".format(name)) from error


def _opened(path: str) -> Tuple[zipfile.ZipFile, dict]:
    try:
        archive = zipfile.ZipFile(path)
    except DAMAGED as error:
        raise Damaged(_said(error)) from None
    try:
        return archive, _entries(archive.infolist(), os.path.getsize(path))
    except BaseException:
        archive.close()
        raise


def _entries(listed: List[zipfile.ZipInfo], size: int) -> dict:
    """The members by name, where each is one that `torch.export.save` writes."""
    if any(entry.filename == "serialized_exported_program.json" for entry in listed):
        raise NeedsTrust(
            "its weights are a pickle (serialized_state_dict.pt), as older versions of PyTorch "
            "wrote them"
        )
    if not any(entry.filename.endswith("/" + PROGRAM) for entry in listed):
        raise NoProgram("it is truncated, or another archive: there is no {} in it".format(PROGRAM))
    folders = {entry.filename.partition("/")[0] for entry in listed}
    if len(folders) != 1:
        raise NeedsTrust("it has {} folders, where one is written".format(len(folders)))
    found: dict = {}
    for entry in listed:
        name = entry.filename.partition("/")[2]
        _require_plain(entry, name)
        if name in found:
            raise NeedsTrust("it holds {} twice".format(name))
        found[name] = entry
    if len(listed) > MEMBERS or sum(entry.file_size for entry in listed) > size:
        raise Damaged("it says that it holds more than its file does")
    return found


def _require_plain(entry: zipfile.ZipInfo, name: str) -> None:
    if not _KNOWN.fullmatch(name) or ".." in name.split("/") or "\n" in name:
        known = next((what for start, what in _OTHERS if name.startswith(start)), None)
        why = "" if known else ", which torch.export.save does not write"
        raise NeedsTrust("it holds {} ({!r}){}".format(known or "a part", _short(name), why))
    if entry.orig_filename != entry.filename:
        raise NeedsTrust("the name of its part {!r} is two".format(_short(name)))
    if not entry.file_size and not name.startswith(("data/", "extra/")):
        raise Damaged("its part {} is empty".format(name))
    if entry.flag_bits & 1:
        raise Damaged("its part {} is encrypted".format(name))
    if entry.compress_type != zipfile.ZIP_STORED or entry.compress_size != entry.file_size:
        raise NeedsTrust("its part {} is compressed, as none is written".format(name))


def _short(name: str) -> str:
    return name if len(name) <= 100 else name[:100] + "..."


def _said(error: BaseException) -> str:
    return "it is no whole zip archive ({})".format(str(error) or type(error).__name__)
