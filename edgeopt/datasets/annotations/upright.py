"""Images as people see them: the EXIF orientation is applied before a box is read on one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgeopt.datasets.pillow import image_module
from edgeopt.domain.errors import BadInput
from edgeopt.jobs import on_disk

if TYPE_CHECKING:
    from PIL.Image import Image

_ORIENTATION = 0x0112
#: EXIF's number -> Pillow's `Transpose` that turns the image upright.
_TURNS = {
    2: "FLIP_LEFT_RIGHT",
    3: "ROTATE_180",
    4: "FLIP_TOP_BOTTOM",
    5: "TRANSPOSE",
    6: "ROTATE_270",
    7: "TRANSVERSE",
    8: "ROTATE_90",
}
_SIDEWAYS = (5, 6, 7, 8)


def open_image(path: Path) -> Image:
    """The decoded image, upright; its mode is the file's.

    Raises:
        BadInput: it is missing, no file, or cannot be read as an image.
        NotInstalled: Pillow is missing.
    """
    from_file = _opened(path)
    try:
        from_file.load()
        turn = _TURNS.get(_orientation(from_file))
        return from_file if turn is None else _turned(from_file, turn)
    except Exception as error:  # a decoder that trips over a damaged file raises anything
        raise _unreadable(path, error) from error


def size_of(path: Path) -> tuple[int, int]:
    """(width, height) in pixels, upright; the pixels are not decoded, but a TIFF's.

    Raises:
        BadInput, NotInstalled: as `open_image`, as far as the head shows it.
    """
    from_file = _opened(path)
    try:
        if from_file.format == "TIFF":
            from_file.load()  # Pillow turns it itself, some versions already at the head
        width, height = from_file.size
        return (height, width) if _orientation(from_file) in _SIDEWAYS else (width, height)
    except Exception as error:
        raise _unreadable(path, error) from error
    finally:
        from_file.close()


def stored_size_of(path: Path) -> tuple[int, int]:
    """(width, height) as the pixels lie in the file, its orientation not applied.

    A TIFF is upright in some versions of Pillow already.

    Raises:
        BadInput, NotInstalled: as `size_of`.
    """
    with _opened(path) as from_file:
        width, height = from_file.size
        return width, height


def sizes_of(paths: tuple[Path, ...]) -> np.ndarray:
    """int64[n, 2]: `size_of` of each.

    Raises:
        BadInput, NotInstalled: as `size_of`.
    """
    return np.array([size_of(path) for path in paths], np.int64).reshape(-1, 2)


def _opened(path: Path) -> Image:
    """The file's head is read, its pixels are not."""
    reader = image_module()
    if on_disk.kind(path) != "file":
        raise BadInput(f"{on_disk.shown(path)}: no such image", on_disk.near(path))
    try:
        opened: Image = reader.open(path)
        return opened
    except Exception as error:
        raise _unreadable(path, error) from error


def _orientation(image: Image) -> int:
    """EXIF's number, 1 for upright. A PNG is not decoded to look behind its pixels for one."""
    if image.format == "PNG" and "exif" not in image.info:
        return 1
    found = image.getexif().get(_ORIENTATION, 1)
    return found if isinstance(found, int) else 1


def _turned(image: Image, turn: str) -> Image:
    from PIL.Image import Transpose

    return image.transpose(Transpose[turn])


def _unreadable(path: Path, error: Exception) -> BadInput:
    lines = str(error).strip().splitlines()
    why = lines[0][:200] if lines else type(error).__name__
    return BadInput(
        f"{on_disk.shown(path)}: cannot be read as an image: {why}", "Save it again, or remove it."
    )
