"""`run.py` of a bundle, which has numpy and one runtime alone."""

from __future__ import annotations

import io
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.faults.fuzz import mutate, zips
from benchmarks.faults.fuzz.case import Case, Make

KIND = "bundles"


def cases(stock: Path, rng: random.Random) -> Iterator[Case]:
    whole = (stock / "data.npz").read_bytes()
    with np.load(io.BytesIO(whole)) as arrays:
        x = arrays["x"]
    sound: dict[str, dict[str, Any]] = {
        "alone": {"any name": x},
        "alone-with-labels": {"image": x, "labels": x[:, 0]},
        "labels-alone": {"labels": x},
        "good": {"x": x},
        "more": {"x": x, "y": x},
        "missing": {"a": x, "b": x},
        "nothing": {},
        "scalar": {"x": x[0, 0]},
        "none": {"x": x[:0]},
        "narrow": {"x": x[:, :3]},
        "whole-numbers": {"x": x.astype("i8")},
        "text": {"x": x.astype("U8")},
        "objects": {"x": x.astype(object)},
        "nan": {"x": x * np.nan},
    }
    fine = ("alone", "alone-with-labels", "labels-alone", "good", "more")
    for what, given in sound.items():
        to = io.BytesIO()
        np.savez(to, **given)
        yield _case(what, to.getvalue(), "orderly" if what in fine else "refused")
    for what, damaged in (*zips.broken(whole, rng, 6), *mutate.odd_files()):
        yield _case(what, damaged, "orderly" if what in zips.SOUND else "refused")
    for what, words in (
        ("gone", ("gone.npz", "o.npz")),
        ("folder", (".", "o.npz")),
        ("one-word", ("data.npz",)),
        ("out-folder", ("data.npz", ".")),
        ("out-nowhere", ("data.npz", "gone/o.npz")),
    ):
        yield Case(KIND, what, _make(whole), words, script="run/one/run.py")


def _make(content: bytes) -> Make:
    def make(folder: Path, stock: Path, rng: random.Random) -> None:
        shutil.copytree(stock / "run", folder / "run")
        (folder / "odd.npz").write_bytes(content)

    return make


def _case(what: str, content: bytes, right: str) -> Case:
    words = ("odd.npz", "o.npz")
    return Case(KIND, what, _make(content), words, right=right, script="run/one/run.py")  # type: ignore[arg-type]
