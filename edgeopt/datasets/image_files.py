"""The files of a folder of images: none that looks like an image is left out in silence."""

from __future__ import annotations

import os
from pathlib import Path

from edgeopt.domain.errors import BadInput
from edgeopt.jobs import on_disk

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".ppm", ".tif", ".tiff", ".webp")
#: Images, too, which are not read.
_OTHERS = (
    ".heic",
    ".heif",
    ".avif",
    ".jxl",
    ".jp2",
    ".j2k",
    ".dng",
    ".nef",
    ".cr2",
    ".cr3",
    ".arw",
    ".raw",
    ".orf",
    ".rw2",
    ".exr",
    ".hdr",
    ".dcm",
    ".psd",
    ".svg",
    ".tga",
    ".pgm",
    ".pbm",
    ".pnm",
    ".ico",
)
_MAX_LABEL = 2**31 - 1


def found_in(folder: Path) -> tuple[list[Path], list[int] | None]:
    """The images of a folder in order, and the label of each; None: they lie in it directly.

    Class folders named by integers give these as labels, others are numbered 0..k-1 in sorted
    order: one without images keeps its number.

    Raises:
        BadInput: images beside class folders; something that is called an image and is no file;
            images of a kind that is not read, or in a folder within a class; two classes of one
            number.
    """
    classes = class_folders(folder)
    loose = _images(folder)
    if classes and loose:
        raise BadInput(
            f"{folder}: holds images ('{loose[0].name}') and class folders ('{classes[0].name}')",
            "Put every image in the folder of its class, or all of them directly in one folder.",
        )
    if loose or not classes:
        return loose, None
    paths, labels = [], []
    for label, one in _labels(classes):
        images = _of_class(one)
        paths += images
        labels += [label] * len(images)
    return paths, labels


def class_folders(folder: Path) -> list[Path]:
    """The folders of a folder of images, one a class.

    Raises:
        BadInput: the folder cannot be read.
    """
    return sorted(
        path for path in _entries(folder) if not path.name.startswith("__") and _is_folder(path)
    )


def _is_folder(path: Path) -> bool:
    return path.suffix.lower() not in SUFFIXES and on_disk.kind(path) == "folder"


def _of_class(folder: Path) -> list[Path]:
    images = _images(folder)
    inside = [one for one in class_folders(folder) if _holds_images(one)]
    if inside:
        raise BadInput(
            f"{inside[0]} is a folder within a class, whose images would be left out.",
            "Put every image directly into the folder of its class.",
        )
    others = _entries(folder)
    if not images and others:
        raise BadInput(
            f"{folder} holds no image, but {others[0].name!r}.",
            f"Images end in {' '.join(SUFFIXES)}.",
        )
    return images


def _holds_images(folder: Path) -> bool:
    """Whether there is one at any depth: annotations beside the images are none."""
    found = (name for _, _, names in os.walk(folder) for name in names)
    return any(name.lower().endswith((*SUFFIXES, *_OTHERS)) for name in found)


def _images(folder: Path) -> list[Path]:
    images = []
    for path in _entries(folder):
        suffix = path.suffix.lower()
        if suffix in _OTHERS:
            raise BadInput(
                f"{path} is an image of a kind that is not read.",
                "Save it as PNG or JPEG, or take it away.",
            )
        if suffix in SUFFIXES:
            if on_disk.kind(path) != "file":
                raise BadInput(
                    f"{path} is called an image and is a folder.", "Rename it, or take it away."
                )
            images.append(path)
    return images


def _entries(folder: Path) -> list[Path]:
    """What lies in a folder, in order, without what is hidden."""
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise on_disk.cannot(folder, "read", error) from error


def _labels(classes: list[Path]) -> list[tuple[int, Path]]:
    """(label, class folder) for each class."""
    names = [folder.name for folder in classes]
    if not all(name.isascii() and name.isdecimal() for name in names):
        return list(enumerate(classes))
    if max(map(len, names)) > 10 or max(map(int, names)) > _MAX_LABEL:
        longest = max(names, key=lambda name: (len(name), name))
        raise BadInput(
            f"the class folder {on_disk.shown(longest)!r} is a number too large for a class.",
            "Name class folders by the column of the model's output, or by words.",
        )
    numbers = [int(name) for name in names]
    for number in numbers:
        if numbers.count(number) > 1:
            same = [name for name in names if int(name) == number]
            raise BadInput(
                f"the class folders {' and '.join(map(repr, same))} are of one number.",
                "Put their images into one folder.",
            )
    return list(zip(numbers, classes, strict=True))
