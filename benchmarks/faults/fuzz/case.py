"""One broken or odd input as a value: how to make it, how to call edgeopt on it, what is right."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

#: Writes a case's files into its folder, from the folder of good files.
Make = Callable[[Path, Path, random.Random], None]


@dataclass(frozen=True)
class Case:
    """A broken or odd input.

    Attributes:
        kind: the class of inputs that it is of.
        words: of the command, after `edgeopt`. The call is made in the case's folder.
        right: "refused": exit status 2 or 3, one sentence, nothing written; "orderly": that, or
            the command does its work (exit status 0 or 1).
        says: a refusal holds one of these: what it is about.
        limit_s: what takes longer hangs.
        script: a Python file in the case's folder that is called in place of `edgeopt`.
        whole: called in a new process, as from a shell; else in a fork of one that has imported
            the command line.
        cheap: no more than some seconds, and no heavy library: fit for the tests.
    """

    kind: str
    name: str
    make: Make
    words: tuple[str, ...]
    right: Literal["refused", "orderly"] = "refused"
    says: tuple[str, ...] = ()
    limit_s: float = 90.0
    script: str = ""
    whole: bool = False
    cheap: bool = True

    @property
    def id(self) -> str:
        return f"{self.kind}/{self.name}"


#: A class of inputs: its cases from the folder of good files and a seeded generator.
Kind = Callable[[Path, random.Random], Iterator[Case]]


def nothing(folder: Path, stock: Path, rng: random.Random) -> None:
    """A case whose files are those that every case has."""


def put(name: str, content: bytes) -> Make:
    """A case with one more file."""

    def make(folder: Path, stock: Path, rng: random.Random) -> None:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    return make


def optimize(*more: str, model: str = "model.onnx", data: str = "data.npz") -> tuple[str, ...]:
    """Words of an `optimize` that does nothing but what has to be."""
    named = {"--target": "./one.toml", "--data": data, "--out": "run"}
    said = {word.partition("=")[0] for word in more}
    rest = [word for name, value in named.items() if name not in said for word in (name, value)]
    return ("optimize", model, "--quick", *rest, *more)
