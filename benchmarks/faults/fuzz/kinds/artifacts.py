"""`bench`: files of every runtime, damaged, and what lies beside an artifact of a run."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.faults.fuzz import jsons, mutate
from benchmarks.faults.fuzz.case import Case, put

KIND = "artifacts"
_BENCH = ("bench", "--quick", "--out=b.json")


def cases(stock: Path, rng: random.Random) -> Iterator[Case]:
    for suffix in (".onnx", ".tflite"):
        if not (stock / f"model{suffix}").exists():  # light files alone
            continue
        whole = (stock / f"model{suffix}").read_bytes()
        for what, damaged in (*mutate.cut(whole, rng, 5), *mutate.fill(whole, rng, 4)):
            yield _case(f"{suffix[1:]}-{what}", f"odd{suffix}", damaged, "orderly")
    for suffix in (".onnx", ".tflite", ".xml", ".pte", ".param", ".pt2", ".mlpackage", ".engine"):
        for what, content in mutate.odd_files():
            yield _case(f"{suffix[1:]}-{what}", f"odd{suffix}", content)
    for what, text in (
        ("magic", b"7767517\n1 1\n"),
        ("counts", b"7767517\n999999999 999999999\n"),
        ("negative", b"7767517\n-1 -1\n"),
        ("layer", b"7767517\n1 1\nTeleport a 0 1 x\n"),
    ):
        yield _case(f"param-{what}", "odd.param", text)
    manifest = next((stock / "run/artifacts").rglob("artifact.json")).read_bytes()
    for what, damaged in (*jsons.unreadable(manifest, rng), *jsons.swapped(manifest, rng, 24)):
        yield Case(
            KIND, f"manifest-{what}", _beside(damaged), (*_BENCH, "made/model.onnx"), "orderly"
        )
    options = json.loads(manifest)["recipe"]["options"]
    for what, odd in (
        ("unknown", {"x": "y"}),
        ("list", {"a": []}),
        ("deep", {"provider": "x" * 9999}),
    ):
        changed = jsons._with(manifest, ("recipe", "options"), {**options, **odd})
        yield Case(KIND, f"options-{what}", _beside(changed), (*_BENCH, "made/model.onnx"))
    for what, words in _WORDS.items():
        yield Case(KIND, what, _folders, (*_BENCH, *words))


_WORDS: dict[str, tuple[str, ...]] = {
    "out-folder": ("model.onnx", "--out=folder"),
    "out-in-a-file": ("model.onnx", "--out=one.toml/b.json"),
    "out-the-model": ("model.onnx", "--out=model.onnx"),
    "out-the-data": ("model.onnx", "--data=data.npz", "--out=data.npz"),
    "data-gone": ("model.onnx", "--data=gone.npz"),
    "data-folder": ("model.onnx", "--data=folder"),
    "data-text": ("model.onnx", "--data=one.toml"),
    "baseline-other": ("model.onnx", "--baseline=other.onnx"),
    "suffix": ("one.toml",),
    "run-folder": ("folder",),
    "twice": ("model.onnx", "model.onnx"),
    "shape-unknown": ("model.onnx", "--shape=y=1x8"),
    "shape-rank": ("model.onnx", "--shape=x=1x8x3"),
    "shape-other": ("model.onnx", "--shape=x=1x9"),
    "shape-zero": ("model.onnx", "--shape=x=0x8"),
    "shape-huge": ("model.onnx", "--shape=x=99999999999x8"),
    "shape-negative": ("model.onnx", "--shape=x=-1x8"),
    "threads-huge": ("model.onnx", "--threads=99999999"),
    "streams-huge": ("model.onnx", "--streams=99999999"),
}


def _case(what: str, name: str, content: bytes, right: str = "refused") -> Case:
    light = not name.endswith((".pte", ".pt2", ".tflite"))
    return Case(
        KIND,
        what,
        put(name, content),
        (*_BENCH, name),
        right=right,  # type: ignore[arg-type]
        says=(name, name.partition(".")[2]),
        cheap=light,
    )


def _beside(manifest: bytes) -> Callable[..., Any]:
    def make(folder: Path, stock: Path, rng: random.Random) -> None:
        (folder / "made").mkdir()
        shutil.copyfile(folder / "model.onnx", folder / "made/model.onnx")
        (folder / "made/artifact.json").write_bytes(manifest)

    return make


def _folders(folder: Path, stock: Path, rng: random.Random) -> None:
    (folder / "folder").mkdir()
