"""Files of a call: what is no TOML, and TOML that says what no call can."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from benchmarks.faults.fuzz import mutate
from benchmarks.faults.fuzz.case import Case, optimize, put
from benchmarks.faults.fuzz.kinds.targets import DEEP, VALUES

KIND = "call_files"

_GOOD = b"""max-drop = "2%"
for = "size"
runtime = ["onnxruntime"]
seed = 3
trust = false
"""

_ODD = {
    "no-such-key": b"max-dropp = 1",
    "table": b"[optimize]\nseed = 1",
    "another-file": b'config = "odd.toml"',
    "of-the-screen": b"json = true",
    "both-budgets": b"quick = true\nsubmission = true",
    "one-key-twice": b"max-drop = 1\nmax_drop = 2",
    "lists-in-lists": b'target = [["a"]]',
    "no-such-runtime": b'runtime = "litter"',
    "nothing-left": b'not = ["onnxruntime"]',
    "text-for-a-flag": b'trust = "yes"',
}


def cases(stock: Path, rng: random.Random) -> Iterator[Case]:
    for what, content in (*mutate.odd_files(), *DEEP.items(), *_ODD.items()):
        empty = not content.strip()  # which says nothing, and nothing wrong
        yield _case(what, content, "orderly" if empty else "refused")
    for what, content in mutate.flip(_GOOD, rng, 20):
        yield _case(what, content, "orderly")
    for key in ("max-drop", "max-p90", "threads", "seed", "shape", "out", "trust", "for"):
        for value in rng.sample(VALUES, 6):
            yield _case(f"{key}-{value[:20]}", f"{key} = {value}".encode(), "orderly")


def _case(what: str, content: bytes, right: str) -> Case:
    return Case(
        KIND,
        what.replace("/", "_"),
        put("odd.toml", content),
        optimize("--config=odd.toml"),
        right=right,  # type: ignore[arg-type]
    )
