"""Paths where a file should be: folders, links, devices, pipes, names that no system takes."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.faults.fuzz.case import Case, optimize

KIND = "places"
Place = Callable[[Path], None]


def cases(stock: Path, rng: random.Random) -> Iterator[Case]:
    for suffix in (".onnx", ".npz", ".toml", ".keras", ""):
        for what, make in _PLACES.items():
            yield _case(f"{suffix[1:] or 'folder'}-{what}", suffix, f"odd{suffix}", make)
        for what, name in _names(suffix).items():
            yield _case(f"{suffix[1:] or 'folder'}-{what}", suffix, name, lambda path: None)
    for what in ("artifact", "baseline", "run", "report", "bench-out", "confirm", "explain-out"):
        for place, make in _PLACES.items():
            yield _other(what, place, make)


def _names(suffix: str) -> dict[str, str]:
    return {
        "overlong": "n" * 300 + suffix,
        "deep": "a/" * 2500 + f"x{suffix}",
        "very-long": "n" * 100_000 + suffix,
        "empty": "",
        "newline": f"a\nb{suffix}",
        "escape": f"a\x1b[31m\x07b{suffix}",
        "markup": f"[/red]{suffix}",
        "latin": os.fsdecode(b"caf\xe9" + suffix.encode()),
        "dashes": f"./--help{suffix}",
        "tilde": f"~nobody/x{suffix}",
        "null-device": "/dev/null",
        "zero-device": "/dev/zero",
        "memory": "/proc/self/mem",
        "root": "/",
        "below-a-file": f"model.onnx/x{suffix}",
    }


def _words(suffix: str, name: str) -> tuple[str, ...]:
    if suffix == ".npz":
        return optimize(data=name)
    if suffix == ".toml":
        return optimize(f"--target={name if '/' in name else './' + name}")
    if suffix == "":
        return optimize(f"--out={name}")
    return optimize(model=name if not name.startswith("-") else f"./{name}")


def _case(what: str, suffix: str, name: str, make: Place) -> Case:
    def in_folder(folder: Path, stock: Path, rng: random.Random) -> None:
        make(folder / name)

    fine = suffix == "" and what.split("-", 1)[1] in _FINE_FOLDERS
    right = "orderly" if fine else "refused"
    return Case(KIND, what, in_folder, _words(suffix, name), right=right)  # type: ignore[arg-type]


#: What a run's folder may well be called, or is.
_FINE_FOLDERS = (
    "newline",
    "escape",
    "markup",
    "latin",
    "dashes",
    "tilde",
    "folder",
    "to-a-folder",
    "missing",
)


def _other(what: str, place: str, make: Place) -> Case:
    words = {
        "artifact": ("bench", "odd.onnx", "--quick", "--out=b.json"),
        "baseline": ("bench", "model.onnx", "--baseline=odd.onnx", "--quick", "--out=b.json"),
        "run": ("explain", "odd"),
        "report": ("report", "odd"),
        "bench-out": ("bench", "run/artifacts", "--quick", "--out=odd"),
        "confirm": optimize("--confirm=odd.npz"),
        "explain-out": ("explain", "gone", "--out=odd"),
    }[what]
    name = {"artifact": "odd.onnx", "baseline": "odd.onnx", "confirm": "odd.npz"}.get(what, "odd")

    def in_folder(folder: Path, stock: Path, rng: random.Random) -> None:
        make(folder / name)

    return Case(KIND, f"{what}-{place}", in_folder, words)


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


def _two_links(path: Path) -> None:
    path.symlink_to("other-link")
    path.with_name("other-link").symlink_to(path.name)


def _nothing(path: Path) -> None:
    path.symlink_to("gone")


def _socket(path: Path) -> None:
    import socket

    with socket.socket(socket.AF_UNIX) as listening:
        here = os.getcwd()
        os.chdir(path.parent)
        try:
            listening.bind(path.name)
        finally:
            os.chdir(here)


def _hole(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


def _sealed(path: Path) -> None:
    path.write_bytes(b"x")


_PLACES: dict[str, Place] = {
    "missing": lambda path: None,
    "folder": lambda path: path.mkdir(),
    "link-loop": _loop,
    "two-link-loop": _two_links,
    "dangling-link": _nothing,
    "to-zero": lambda path: path.symlink_to("/dev/zero"),
    "to-random": lambda path: path.symlink_to("/dev/urandom"),
    "to-null": lambda path: path.symlink_to("/dev/null"),
    "to-a-folder": lambda path: path.symlink_to("."),
    "pipe": lambda path: os.mkfifo(path),
    "socket": _socket,
    "hole-of-a-terabyte": _hole,
    "one-byte": _sealed,
}
