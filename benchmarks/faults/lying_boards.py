"""Every way in which a board can lie, through the real command line.

    python -m benchmarks.faults.lying_boards              # what is not in the results yet
    python -m benchmarks.faults.lying_boards "keeper put"  # those whose name has these words, anew

A board by ssh, whose `ssh` is `benchmarks/devices/lying_ssh.py`. Those that come so late that only
a run reaches them, and one in five of the others, end an `optimize` over this machine and the
board: its first call is made once, and each lie goes on from a copy of it. The others end a `bench`
on the board.

Writes benchmarks/faults/lying_boards.json after each: the sentence, seconds, MiB of memory and of
disk, whether there was a traceback, whether the other device has its result, and what is wrong.
Exit status 1 where anything is. Those that are waited for are waited for side by side: about 40
minutes on two cores.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.devices import lying_ssh
from benchmarks.devices.lies import LIES, Lie

ROOT = Path(__file__).parents[2]
RESULTS = Path(__file__).with_suffix(".json")
LIMIT_S = 600.0
MOST_MIB = 1500  # of memory: a run without a lie has about 500
MOST_DISK_MIB = 200
WAITED_FOR = ("nothing", "now and then", "byte at a time", "larger file")
LATE = ("keeper get", "runner infer")
SIDE_BY_SIDE = 6

PROFILE = """
name = "{name}"
title = "Whatever machine runs this"
summary = "ONNX Runtime only: quick."
arch = "x86_64"
os = "linux"
link = "local"
cores = [{{ model = "any", count = 2 }}]
threads = [1]

[isa]
features = ["avx2"]
absent = []
basis = "recalled"
source = "what this bench asks for"

[match]
{match}

[[recipes]]
runtime = "onnxruntime"
precision = "fp32"
why = "a bench"
"""

MODEL = """
import numpy as np, onnx
from onnx import TensorProto as T, helper as h, numpy_helper as n
rng = np.random.default_rng(0)
w = n.from_array(rng.standard_normal((16, 4)).astype(np.float32), "w")
x = h.make_tensor_value_info("x", T.FLOAT, [1, 16])
y = h.make_tensor_value_info("y", T.FLOAT, [1, 4])
g = h.make_graph([h.make_node("MatMul", ["x", "w"], ["y"])], "g", [x], [y], [w])
onnx.save(h.make_model(g, opset_imports=[h.make_opsetid("", 17)], ir_version=8), "model.onnx")
np.savez("data.npz", x=rng.standard_normal((64, 1, 16)).astype(np.float32))
"""


class World:
    """A folder with a model, two targets, a board and an `ssh` that lies."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "bin").mkdir(parents=True)
        ssh = folder / "bin" / "ssh"
        ssh.write_text(f'#!/bin/sh\nexec {sys.executable} {lying_ssh.__file__} "$@"\n')
        ssh.chmod(0o755)
        for name, match in (("here", 'features = ["avx2"]'), ("there", 'board = "^No Such$"')):
            (folder / f"{name}.toml").write_text(PROFILE.format(name=name, match=match))
        (folder / "config").mkdir()
        (folder / "config" / "devices.toml").write_text(
            f'v = 1\n[devices.board]\nlink = "ssh://board"\ntarget = "there"\n'
            f'python = "{sys.executable}"\nfolder = "{folder}/kept"\n'
        )
        subprocess.run([sys.executable, "-c", MODEL], cwd=folder, check=True)

    def call(self, words: list[str], lie: str, scratch: Path) -> dict[str, Any]:
        """One call of the command: what it printed, and what it took."""
        scratch.mkdir(parents=True)
        environment = {
            **os.environ,
            "PATH": f"{self.folder}/bin:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "EDGEOPT_CONFIG": f"{self.folder}/config",
            "EDGEOPT_LIE": lie,
            "TMPDIR": str(scratch),
            "COLUMNS": "1000",
        }
        began = time.monotonic()
        with (scratch / "said").open("wb") as said:
            process = subprocess.Popen(
                [sys.executable, "-m", "edgeopt.cli", *words],
                cwd=self.folder,
                env=environment,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            watch = Watch(process.pid, scratch)
            killed = threading.Timer(LIMIT_S, process.kill)
            killed.start()
            _, status, used = os.wait4(process.pid, 0)
            killed.cancel()
            watch.stop()
        return {
            "code": os.waitstatus_to_exitcode(status),
            "said": (scratch / "said").read_text(errors="replace"),
            "seconds": round(time.monotonic() - began, 1),
            "memory_mib": round(used.ru_maxrss / 1024),
            "disk_mib": round(watch.most_bytes / 2**20, 1),
        }


class Watch:
    """The most that a folder has held."""

    def __init__(self, pid: int, folder: Path) -> None:
        self.most_bytes, self._folder = 0, folder
        self._over = threading.Event()
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        while not self._over.wait(0.5):
            self.most_bytes = max(self.most_bytes, size(self._folder))

    def stop(self) -> None:
        self._over.set()


def size(folder: Path) -> int:
    found = 0
    for path in folder.rglob("*"):
        try:
            found += path.lstat().st_size if path.is_file() else 0
        except OSError:
            continue
    return found


def optimize(out: Path) -> list[str]:
    """A run over this machine and the board."""
    targets = ["--target", "./here.toml", "--target", "./there.toml"]
    limits = ["--max-drop", "5%", "--quick", "--out", str(out)]
    return ["optimize", "model.onnx", *targets, "--data", "data.npz", *limits]


def sentence(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(("Error:", "error:", "edgeopt:"))]
    return (errors or lines or [""])[-1][:400]


def wrong(lie: Lie, found: dict[str, Any]) -> list[str]:
    """What must not be."""
    rules = {
        "a traceback": found["traceback"],
        "a mistake of edgeopt's own": found["code"] in (1, 70) or "edgeopt itself" in found["said"],
        "more time than its limits": found["code"] < 0,
        "memory": found["memory_mib"] > MOST_MIB,
        "disk": found["disk_mib"] > MOST_DISK_MIB,
        "the device was not ended": lie.ends and found["code"] == 0,
        "the device was ended": not lie.ends and found["code"] != 0,
        "the other device has no result": found["other"] is False,
        "a candidate is marked failed": found["marked"],
    }
    return [words for words, broken in rules.items() if broken]


def told(world: World, lie: Lie, whole: bool, number: int) -> dict[str, Any]:
    scratch = world.folder / f"scratch-{number}"
    out = world.folder / f"run-{number}"
    words = ["bench", "model.onnx", "--device", "board", "--quick"]
    if whole:
        shutil.copytree(world.folder / "first", out)
        words = optimize(out)
    found = world.call(words, lie.name, scratch)
    found["traceback"] = "Traceback (most recent call last)" in found["said"]
    found["sentence"], found["way"] = sentence(found["said"]), words[0]
    found["other"], found["marked"] = None, False
    if whole:
        found["other"] = has_result(out, "here")
        found["marked"] = marked(out, "there")
        shutil.rmtree(out)
    found["wrong"] = wrong(lie, found)
    if not found["wrong"]:
        del found["said"]
    else:
        found["said"] = found["said"][-3000:]
    shutil.rmtree(scratch, ignore_errors=True)
    return found


def has_result(out: Path, target: str) -> bool:
    run = json.loads((out / "run.json").read_text())
    return any(c["target"] == target and c["recipe_id"] for c in run["choices"])


def marked(out: Path, target: str) -> bool:
    records = map(json.loads, (out / "results.jsonl").read_text().splitlines())
    return any(r["target"] == target and r["status"] not in ("ok", "skipped") for r in records)


def main(words: str) -> int:
    known: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    turn = threading.Lock()
    with tempfile.TemporaryDirectory(prefix="edgeopt-lying-") as place:
        world = World(Path(place) / "world")
        first = world.call(
            optimize(world.folder / "first"), "keeper greeting: the end", Path(place) / "s"
        )
        assert (world.folder / "first" / "run.json").exists(), first["said"]
        assert has_result(world.folder / "first", "here"), first["said"]

        def one(number: int) -> None:
            lie = LIES[number]
            whole = lie.name.startswith(LATE) or number % 5 == 0
            found = told(world, lie, whole, number)
            with turn:
                known[lie.name] = found
                RESULTS.write_text(json.dumps(known, indent=1) + "\n")
                print(f"{lie.name}: {found['sentence'][:120]} {found['wrong'] or ''}", flush=True)

        open_ = [
            i
            for i, lie in enumerate(LIES)
            if (words and words in lie.name) or (not words and lie.name not in known)
        ]
        slow = [i for i in open_ if any(one in LIES[i].name for one in WAITED_FOR)]
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            waiting = [pool.submit(one, number) for number in slow]
            for number in open_:
                if number not in slow:
                    one(number)
            for done in waiting:
                done.result()
    bad = [name for name, found in known.items() if found["wrong"]]
    print(f"{len(known)} of {len(LIES)}; wrong: {bad or 'none'}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(" ".join(sys.argv[1:])))
