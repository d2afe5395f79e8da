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
LIGHT = (".onnx", ".skops", ".joblib")


def cases(stock: Path, rng: random.Random) -> Iterator[Case]:
    for suffix, (cuts, flips, fills) in PLAIN.items():
        whole = (stock / f"model{suffix}").read_bytes()
        for what, damaged in mutate.cut(whole, rng, cuts):
            yield _case(suffix, what, damaged, "orderly")
        for make, count in ((mutate.flip, flips), (mutate.fill, fills)):
            for what, damaged in make(whole, rng, count):
                yield _case(suffix, what, damaged, "orderly")
    for suffix, flips in ARCHIVES.items():
        whole = (stock / f"model{suffix}").read_bytes()
        for what, damaged in zips.broken(whole, rng, flips):
            yield _case(suffix, what, damaged, "orderly" if what == "doubled" else "refused")
        for what, damaged in mutate.cut(whole, rng, 6):
            yield _case(suffix, what, damaged, "refused" if _in_the_end(what, whole) else "orderly")
    for suffix in (*PLAIN, *ARCHIVES):
        for what, content in mutate.odd_files():
            yield _case(suffix, what, content, "refused")


def _in_the_end(what: str, whole: bytes) -> bool:
    """Whether a cut takes away a part of the table of contents."""
    return int(what.removeprefix("cut-")) < len(whole)


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
