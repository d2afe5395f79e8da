"""Model files of each format, damaged: truncated, bits turned, stretches overwritten, archives."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from benchmarks.faults.fuzz import mutate, zips
from benchmarks.faults.fuzz.case import Case, optimize, put

KIND = "files_damaged"
#: Suffix -> what each number of damages is: cuts, flips, fills; whether a cut one is no model.
PLAIN = {".onnx": (10, 24, 16), ".tflite": (6, 14, 8), ".h5": (5, 6, 4), ".joblib": (6, 8, 4)}
ARCHIVES = {".keras": 6, ".skops": 16, ".pt2": 8}
#: PyTorch writes where the directory begins a second time, in a zip64 record, which counts.
SOUND = {".pt2": (*zips.SOUND, "directory-offset")}
LIGHT = (".onnx", ".skops", ".joblib")


def cases(stock: Path, rng: random.Random) -> Iterator[Case]:
    for suffix in (*PLAIN, *ARCHIVES):
        path = stock / f"model{suffix}"
        if path.exists():  # the tests have light ones alone
            damages = _plain if suffix in PLAIN else _archive
            yield from damages(suffix, path.read_bytes(), rng)
            for what, content in mutate.odd_files():
                yield _case(suffix, what, content, "refused")


def _plain(suffix: str, whole: bytes, rng: random.Random) -> Iterator[Case]:
    cuts, flips, fills = PLAIN[suffix]
    for make, count in ((mutate.cut, cuts), (mutate.flip, flips), (mutate.fill, fills)):
        for what, damaged in make(whole, rng, count):
            yield _case(suffix, what, damaged, "orderly")


def _archive(suffix: str, whole: bytes, rng: random.Random) -> Iterator[Case]:
    for what, damaged in zips.broken(whole, rng, ARCHIVES[suffix]):
        sound = SOUND.get(suffix, zips.SOUND)
        yield _case(suffix, what, damaged, "orderly" if what in sound else "refused")
    for what, damaged in mutate.cut(whole, rng, 6):
        yield _case(suffix, what, damaged, "refused")


def _case(suffix: str, what: str, content: bytes, right: str) -> Case:
    name = f"broken{suffix}"
    words = optimize("--trust", model=name)
    light = suffix in LIGHT
    return Case(
        KIND,
        f"{suffix[1:]}-{what}",
        put(name, content),
        words,
        right=right,  # type: ignore[arg-type]
        says=(name,),
        limit_s=90 if light else 150,
        cheap=light,
    )
