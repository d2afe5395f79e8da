"""Data in .npz: damaged archives, headers that lie, types and shapes that no model takes."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.faults.fuzz import mutate, zips
from benchmarks.faults.fuzz.case import Case, optimize, put

KIND = "npz_files"


def cases(stock: Path, rng: random.Random) -> Iterator[Case]:
    whole = (stock / "data.npz").read_bytes()
    for what, damaged in zips.broken(whole, rng, 20):
        yield _case(
            what, damaged, "orderly" if what in zips.SOUND or what == "no-entries" else "refused"
        )
    for what, damaged in mutate.cut(whole, rng, 12):
        yield _case(what, damaged)
    for what, damaged in mutate.odd_files():
        yield _case(what, damaged)
    with np.load(io.BytesIO(whole)) as arrays:
        x, labels = arrays["x"], arrays["labels"]
    for what, right, given in _arrays(x, labels):
        to = io.BytesIO()
        np.savez(to, **given)
        yield _case(what, to.getvalue(), right)
    for what, entry in _headers(x):
        yield _case(what, zips.packed({"x.npy": entry, "labels.npy": _npy(labels)}))
    yield _case("no-npy", zips.packed({"x.txt": b"1 2 3"}))
    yield _case("parent", zips.packed({"../x.npy": _npy(x)}), "orderly")
    yield _case("other-data", whole, words=optimize("--confirm=data.npz", data="odd.npz"))
    for option in ("--calibration", "--confirm", "--train"):
        for what, damaged in zips.broken(whole, rng, 2):
            if what not in (*zips.SOUND, "no-entries"):
                more = ("--prune",) if option == "--train" else ()
                words = optimize(f"{option}=odd.npz", *more)
                yield _case(f"{option[2:]}-{what}", damaged, words=words)


def _case(what: str, content: bytes, right: str = "refused", words: tuple[str, ...] = ()) -> Case:
    return Case(
        KIND,
        what,
        put("odd.npz", content),
        words or optimize(data="odd.npz"),
        right=right,  # type: ignore[arg-type]
        says=("odd.npz", "data.npz", ".pt2", "labels", "groups"),
    )


def _npy(array: np.ndarray) -> bytes:
    to = io.BytesIO()
    np.lib.format.write_array(to, array)
    return to.getvalue()


def _arrays(x: np.ndarray, labels: np.ndarray) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(name, right, arrays) of sound files with odd contents."""
    for dtype in ("<U8", "S8", "O", "M8[s]", "m8[s]", "c8", "c16", "V4", "i4,f4", "?", "u1", "i8"):
        yield f"type-{dtype}", "refused", {"x": _as(x, dtype), "labels": labels}
        fine = "orderly" if dtype in ("?", "u1", "i8", "<U8", "S8") else "refused"
        yield f"labels-{dtype}", fine, {"x": x, "labels": _as(labels, dtype)}
        yield f"groups-{dtype}", "orderly", {"x": x, "labels": labels, "groups": _as(labels, dtype)}
    for dtype in ("f2", "f8", ">f4", "f16"):
        yield f"type-{dtype}", "orderly", {"x": x.astype(dtype), "labels": labels}
    for what, value in (("nan", np.nan), ("inf", np.inf), ("huge", 1e300)):
        odd = x.astype("f8")
        odd[3, 5] = value
        yield f"value-{what}", "refused", {"x": odd, "labels": labels}
        told = labels.astype("f8")
        told[3] = value
        yield f"label-{what}", "refused", {"x": x, "labels": told}
    for what, shape in (("flat", (-1,)), ("deep", (80, 2, 2, 2)), ("turned", (8, 80))):
        yield f"shape-{what}", "refused", {"x": x.reshape(shape), "labels": labels}
    yield "shape-none", "refused", {"x": x[:0], "labels": labels[:0]}
    yield "shape-scalar", "refused", {"x": x[0, 0], "labels": labels[0]}
    yield "shape-one", "refused", {"x": x[:1], "labels": labels[:1]}
    yield "labels-scalar", "refused", {"x": x, "labels": labels[0]}
    yield "labels-short", "refused", {"x": x, "labels": labels[:-1]}
    yield "labels-square", "orderly", {"x": x, "labels": np.stack([labels, labels], 1)}
    yield "labels-beyond", "refused", {"x": x, "labels": labels + 99}
    yield "labels-below", "refused", {"x": x, "labels": labels - 99}
    yield "labels-one-class", "orderly", {"x": x, "labels": labels * 0}
    yield "labels-halves", "orderly", {"x": x, "labels": labels + 0.5}
    yield "labels-alone", "refused", {"labels": labels}
    yield "nothing", "refused", {}
    yield "groups-short", "refused", {"x": x, "labels": labels, "groups": labels[:3]}
    yield "groups-one", "refused", {"x": x, "labels": labels, "groups": labels * 0}
    yield "all-the-same", "orderly", {"x": x * 0, "labels": labels}
    yield "another-name", "orderly", {"[/red]\x1b[31m": x, "labels": labels}
    yield "two-arrays", "refused", {"x": x, "y": x, "labels": labels}


def _as(array: np.ndarray, dtype: str) -> np.ndarray:
    if dtype == "i4,f4":
        return np.zeros(array.shape, dtype)
    if dtype == "V4":
        return array.astype("<f4").view("V4")
    return array.astype("i8").astype(dtype)


def _headers(x: np.ndarray) -> Iterator[tuple[str, bytes]]:
    """.npy entries whose header says what is not so."""
    for shape in ((1 << 40,), (1 << 62, 4), (1 << 20, 1 << 20), (-1, 8), (80, 8, 0, 9), (9**99,)):
        header = {"descr": "<f4", "fortran_order": False, "shape": shape}
        yield f"shape-{'x'.join(map(str, shape))[:24]}", _with_header(repr(header), x)
    for what, text in (
        ("code", "__import__('os').system('touch CANARY')"),
        ("list", "[1, 2]"),
        ("no-shape", "{'descr': '<f4', 'fortran_order': False}"),
        ("bad-descr", "{'descr': '<q9', 'fortran_order': False, 'shape': (80, 8)}"),
        ("float-shape", "{'descr': '<f4', 'fortran_order': False, 'shape': (80.5, 8)}"),
        ("huge-item", "{'descr': '<U999999999', 'fortran_order': False, 'shape': (80, 8)}"),
        ("deep", "(" * 3000),
        ("long", "{'descr': '<f4', 'fortran_order': False, 'shape': (80, 8)}" + " " * 50000),
    ):
        yield f"header-{what}", _with_header(text, x)
    yield "npy-version", b"\x93NUMPY\x09\0" + _npy(x)[8:]
    yield "npy-mark", b"\x93NUMPX" + _npy(x)[6:]
    yield "npy-cut", _npy(x)[:100]
    yield "npy-empty", b""


def _with_header(text: str, x: np.ndarray) -> bytes:
    encoded = text.encode()
    head = b"\x93NUMPY\x02\0" + len(encoded).to_bytes(4, "little")
    return head + encoded + x.tobytes()
