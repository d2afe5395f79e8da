"""Folders of images: files that are none, odd ones, classes without any."""

from __future__ import annotations

import io
import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from benchmarks.faults.fuzz import mutate
from benchmarks.faults.fuzz.case import Case, optimize

KIND = "images"
PREPROCESS = "size=8,mean=127,scale=0.01,layout=nchw"
Change = Callable[[Path], None]


def cases(stock: Path, rng: random.Random) -> Iterator[Case]:
    for name, (right, change) in _CHANGES.items():
        yield _case(name, right, change)
    png, jpg = (stock / "images/0/0.png").read_bytes(), _encoded("RGB", "JPEG")
    for suffix, whole in ((".png", png), (".jpg", jpg)):
        for what, damaged in (*mutate.cut(whole, rng, 5), *mutate.flip(whole, rng, 6)):
            yield _case(f"{suffix[1:]}-{what}", "orderly", _file(f"0/odd{suffix}", damaged))
        for what, content in mutate.odd_files():
            yield _case(f"{suffix[1:]}-{what}", "refused", _file(f"0/odd{suffix}", content))
    for mode, form in _MODES:
        yield _case(
            f"mode-{mode}-{form}", "orderly", _file(f"0/odd.{form.lower()}", _encoded(mode, form))
        )
    for text in _PREPROCESS:
        yield _case(f"preprocess-{text[:40]}", "refused", lambda images: None, text)


def _case(name: str, right: str, change: Change, preprocess: str = PREPROCESS) -> Case:
    def make(folder: Path, stock: Path, rng: random.Random) -> None:
        shutil.copytree(stock / "images", folder / "images")
        shutil.copyfile(stock / "pictures/model.onnx", folder / "pictures.onnx")
        change(folder / "images")

    words = optimize(f"--preprocess={preprocess}", model="pictures.onnx", data="images")
    return Case(
        KIND, name, make, words, right=right, says=("images", "preprocess", "class", "labels")
    )  # type: ignore[arg-type]


_MODES = (
    ("1", "PNG"),
    ("L", "PNG"),
    ("LA", "PNG"),
    ("P", "PNG"),
    ("RGBA", "PNG"),
    ("I;16", "PNG"),
    ("CMYK", "JPEG"),
    ("L", "JPEG"),
    ("F", "TIFF"),
    ("I", "TIFF"),
    ("I;16", "TIFF"),
    ("P", "GIF"),
    ("RGB", "BMP"),
    ("RGB", "WEBP"),
    ("RGB", "PPM"),
    ("YCbCr", "TIFF"),
    ("LAB", "TIFF"),
)

_PREPROCESS = (
    "",
    " ",
    "size",
    "size=",
    "size=8",
    "size=0,mean=1,scale=1",
    "size=-8,mean=1,scale=1",
    "size=100000,mean=127,scale=0.01",
    "size=99999999999,mean=1,scale=1",
    "size=8,mean=nan,scale=1",
    "size=8,mean=1,scale=inf",
    "size=8,mean=1,scale=0",
    "size=8,crop=9,mean=1,scale=1",
    "size=8,mean=1/2,scale=1",
    "size=8,mean=1,scale=1,layout=chwn",
    "size=8,mean=1,scale=1,x=2",
    "size=8,size=8,mean=1,scale=1",
    "size=8.5,mean=1,scale=1",
    "size=8,mean=1e400,scale=1",
    "size=8,mean=1,scale=1e300",
    f"size={'9' * 400},mean=1,scale=1",
    "size=8,mean=,scale=1",
    f"size=8,mean={'9' * 400},scale=1",
    "size=१०,mean=1,scale=1x",
    ",,,",
    "size=8;mean=1;scale=1",
)


def _encoded(mode: str, form: str) -> bytes:
    from PIL import Image

    pixels = np.random.default_rng(0).integers(0, 256, (12, 10, 3), np.uint8)
    image = Image.fromarray(pixels)
    if mode == "I;16":
        image = Image.fromarray(pixels[..., 0].astype(np.uint16) * 257)
    elif mode == "LAB":
        image = Image.fromarray(pixels, "LAB")
    else:
        image = image.convert(mode)
    to = io.BytesIO()
    image.save(to, form)
    return to.getvalue()


def _file(name: str, content: bytes) -> Change:
    return lambda images: (images / name).write_bytes(content) and None


def _blank(size: tuple[int, int], name: str = "0/odd.png") -> Change:
    def change(images: Path) -> None:
        from PIL import Image

        Image.new("RGB", size).save(images / name)

    return change


def _deeper(images: Path) -> None:
    """One image of a class lies in a folder within it."""
    (images / "0/more").mkdir()
    first = min((images / "0").glob("*.png"))
    first.rename(images / "0/more" / first.name)


def _emptied(images: Path) -> None:
    shutil.rmtree(images)
    images.mkdir()


def _only(*names: str) -> Change:
    """Class folders of these names, with the images of the first."""

    def change(images: Path) -> None:
        whole = (images / "0/0.png").read_bytes()
        _emptied(images)
        for name in names:
            (images / name).mkdir()
            for number in range(20):
                (images / name / f"{number}.png").write_bytes(whole)

    return change


def _bomb(images: Path) -> None:
    """A PNG of some kB that declares 40,000 x 40,000 pixels."""
    import struct
    import zlib

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    head = struct.pack(">IIBBBBB", 40000, 40000, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 1_000_000)
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    (images / "0/odd.png").write_bytes(png)


def _large(images: Path) -> None:
    from PIL import Image

    Image.new("L", (9000, 9000)).save(images / "0/odd.png")


def _in_every_class(name: str, content: bytes) -> Change:
    def change(images: Path) -> None:
        for folder in ("0", "1"):
            (images / folder / name).write_bytes(content)

    return change


_CHANGES: dict[str, tuple[str, Change]] = {
    "good": ("orderly", lambda images: None),
    "no-folders": ("refused", _emptied),
    "empty-class": ("orderly", lambda images: (images / "2").mkdir()),
    "class-of-notes": (
        "refused",
        lambda images: ((images / "2").mkdir(), (images / "2/a.txt").write_text("x"), None)[-1],
    ),
    "loose-too": ("refused", _file("odd.png", _encoded("RGB", "PNG"))),
    "notes-too": ("orderly", _file("README.txt", b"notes")),
    "hidden": ("orderly", _file("0/.DS_Store", b"\0" * 20)),
    "unknown-suffix": ("refused", _file("0/odd.heic", b"\0" * 20)),
    "camera-raw": ("refused", _file("1/odd.nef", b"\0" * 20)),
    "text-among-images": ("orderly", _file("0/labels.txt", b"0 cat")),
    "folder-called-png": ("refused", lambda images: (images / "0/odd.png").mkdir()),
    "folder-in-class": ("orderly", lambda images: (images / "0/more").mkdir()),
    "folder-of-images-in-class": ("refused", _deeper),
    "dangling-link": ("refused", lambda images: (images / "0/odd.png").symlink_to("gone")),
    "link-loop": ("refused", lambda images: (images / "0/odd.png").symlink_to("odd.png")),
    "to-zero": ("refused", lambda images: (images / "0/odd.png").symlink_to("/dev/zero")),
    "pipe": ("refused", lambda images: os.mkfifo(images / "0/odd.png")),
    "class-loop": ("refused", lambda images: (images / "2").symlink_to("2")),
    "class-is-parent": ("refused", lambda images: (images / "2").symlink_to("..")),
    "one-pixel": ("orderly", _blank((1, 1))),
    "wide": ("orderly", _blank((60000, 1))),
    "tall": ("orderly", _blank((1, 60000))),
    "bomb": ("refused", _bomb),
    "large": ("orderly", _large),
    "same-numbers": ("refused", _only("1", "01")),
    "huge-number": ("refused", _only("0", "9" * 30)),
    "number-beyond": ("refused", _only("0", "77")),
    "too-many-classes": ("refused", _only("a", "b", "c", "d", "e")),
    "odd-class-names": ("orderly", _only("[red]", "ключ\x1b[31m", "a b")),
    "one-class": ("orderly", _only("0")),
    "latin-name": (
        "orderly",
        lambda images: (
            (images / os.fsdecode(b"0/caf\xe9.png")).write_bytes(_encoded("RGB", "PNG")) and None
        ),
    ),
    "upper-case": ("orderly", _file("0/ODD.PNG", _encoded("RGB", "PNG"))),
    "every-class-broken": ("refused", _in_every_class("odd.png", b"no image")),
}
