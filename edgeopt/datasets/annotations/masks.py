"""Masks: a PNG an image whose pixels are class numbers; 255 is no class, as in Pascal VOC."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edgeopt.datasets.annotations import upright
from edgeopt.datasets.annotations.annotated import Annotated
from edgeopt.datasets.image_files import SUFFIXES
from edgeopt.domain.errors import BadInput
from edgeopt.jobs import on_disk

#: Pixels of this value belong to no class and are not judged.
IGNORED = 255
#: Modes of Pillow whose pixels are numbers.
_NUMBERS = ("1", "L", "P", "I", "I;16", "I;16B", "I;16L", "I;16N")
#: As many are looked at to learn whether 255 stands for a class.
_LOOKED = 32


def read(images: Path, masks: Path, names: tuple[str, ...] = ()) -> Annotated:
    """The images of a folder, each with the mask of its name.

    Args:
        names: of the classes by number; (): not known.

    Raises:
        BadInput: no image, an image without a mask, or a mask of another size than its image.
        NotInstalled: Pillow is missing.
    """
    paths = _pictures(images)
    if not paths:
        raise BadInput(
            f"{on_disk.shown(images)} holds 0 images.", f"Images end in {' '.join(SUFFIXES)}."
        )
    found = tuple(_mask_of(path, masks) for path in paths)
    sizes = upright.sizes_of(tuple(paths))
    for path, mask, size in zip(paths, found, sizes, strict=True):
        own = upright.size_of(mask)
        if own != tuple(size):
            raise BadInput(
                f"{on_disk.shown(mask)} has {own[0]} x {own[1]} pixels, but its image "
                f"{on_disk.shown(path)} has {size[0]} x {size[1]} upright.",
                "Save the mask in its image's size, as the image is shown.",
            )
    return Annotated(tuple(paths), sizes, masks=found, names=names, origin=str(masks))


def _pictures(folder: Path) -> list[Path]:
    if on_disk.kind(folder) != "folder":
        raise BadInput(f"{on_disk.shown(folder)}: no such folder", on_disk.near(folder))
    try:
        there = sorted(folder.iterdir())
    except OSError as error:
        raise on_disk.cannot(folder, "read", error) from error
    return [one for one in there if one.suffix.lower() in SUFFIXES and one.name[0] != "."]


def _mask_of(image: Path, folder: Path) -> Path:
    for name in (image.stem + ".png", image.name + ".png", image.stem + "_mask.png"):
        if on_disk.kind(folder / name) == "file":
            return folder / name
    raise BadInput(
        f"{on_disk.shown(image)} has no mask: there is no {image.stem}.png in "
        f"{on_disk.shown(folder)}.",
        "Masks are PNGs with the images' names.",
    )


def pixels(path: Path, classes: int, binary: bool = False) -> np.ndarray:
    """int16[height, width]: the class of each pixel, -1 where there is none.

    Args:
        classes: how many there are. binary: whether 255 stands for class 1 (`are_binary`).

    Raises:
        BadInput: it cannot be read, is of colours, or holds a class beyond `classes`.
    """
    found = _numbers(path)
    if binary:
        return (found > 0).astype(np.int16)
    found = np.where(found == IGNORED, -1, found)
    if found.max() >= classes:
        raise BadInput(
            f"{on_disk.shown(path)} has pixels of class {found.max()}, but there are {classes} (0 "
            f"to {classes - 1}).",
            "Number the classes as the model's output does; 255 is no class.",
        )
    return found.astype(np.int16)


def are_binary(paths: tuple[Path, ...]) -> bool:
    """Whether masks are black and white: all of the first 32 hold 0 and 255, and nothing else.

    Raises:
        BadInput: as `pixels`.
    """
    values = {int(value) for path in paths[:_LOOKED] for value in np.unique(_numbers(path))}
    return values == {0, IGNORED}


def _numbers(path: Path) -> np.ndarray:
    with upright.open_image(path) as image:
        if image.mode not in _NUMBERS:
            raise BadInput(
                f"{on_disk.shown(path)} has pixels of colours ({image.mode}), not of class "
                "numbers.",
                "Save it as a grey or indexed PNG whose values are the classes.",
            )
        found = np.asarray(image).astype(np.int32)
        return found * IGNORED if image.mode == "1" else found
