"""Every way in which a board can lie, through the real command line.

    python -m benchmarks.faults.lying_boards              # what is not in the results yet
    python -m benchmarks.faults.lying_boards "keeper put"  # those whose name has these words, anew

A board by ssh, whose `ssh` is `benchmarks/devices/lying_ssh.py`. Those that come so late that only
a run reaches them, and one in five of the others, end an `optimize` over this machine and the
board: its first call is made once, and each lie goes on from a copy of it. The others end a `bench`
on the board, and those of `adb_lies.py` one on a phone, as far as no Python is sent there.

Writes benchmarks/faults/lying_boards.json after each: the sentence, seconds, MiB of memory and of
disk, whether there was a traceback, whether the other device has its result, and what is wrong.
Exit status 1 where anything is. Those that are waited for are waited for side by side: about 40
minutes on two cores.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.devices import adb_lies, phone
from benchmarks.devices.lies import LIES
from benchmarks.faults.lying_world import World

RESULTS = Path(__file__).with_suffix(".json")
MOST_MIB = 1500  # of memory: a run without a lie has about 500
MOST_DISK_MIB = 200
WAITED_FOR = ("nothing", "now and then", "byte at a time", "larger file", "no answer", "not take")
FIRST = "keeper greeting: bits: 1e9"  # what ends the board in the call that all go on from
LATE = ("keeper get", "runner infer")
SIDE_BY_SIDE = 6


def optimize(out: Path) -> list[str]:
    """A run over this machine and the board."""
    targets = ["--target", "./here.toml", "--target", "./there.toml"]
    limits = ["--max-drop", "5%", "--quick", "--out", str(out)]
    return ["optimize", "model.onnx", *targets, "--data", "data.npz", *limits]


def sentence(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(("Error:", "error:", "edgeopt:"))]
    return (errors or lines or [""])[-1][:400]


@dataclass(frozen=True)
class Case:
    """One lie, and the call that it is told to.

    Attributes:
        whole: a run over two devices; else a `bench` on the one.
        ends: whether it has to end the device.
    """

    name: str
    whole: bool
    ends: bool = True

    @property
    def slow(self) -> bool:
        """Whether it is waited for, at no cost."""
        return any(words in self.name for words in WAITED_FOR)

    @contextlib.contextmanager
    def told(self, folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
        """The device that tells it, as --device has it, and what finds it in an environment."""
        lie = adb_lies.LIES.get(self.name.removeprefix(PHONE))
        if lie is None or not self.name.startswith(PHONE):
            yield "board", {"EDGEOPT_LIE": self.name}
            return
        server = adb_lies.LyingAdbServer(phone.make(folder, {}), "liar", lie)
        try:
            yield "phone", {"ANDROID_ADB_SERVER_PORT": str(server.port)}
        finally:
            server.stop()


PHONE = "phone: "
#: What a phone is asked for before it gets a Python.
AT_FIRST = [name for name, (words, _) in adb_lies.LIES.items() if words != "RECV"]
CASES = [
    *(
        Case(lie.name, lie.name.startswith(LATE) or i % 5 == 0, lie.ends)
        for i, lie in enumerate(LIES)
    ),
    *(Case(PHONE + name, whole=False) for name in AT_FIRST),
]


def wrong(case: Case, found: dict[str, Any]) -> list[str]:
    """What must not be."""
    rules = {
        "a traceback": found["traceback"],
        "a mistake of edgeopt's own": found["code"] in (1, 70) or "edgeopt itself" in found["said"],
        "more time than its limits": found["code"] < 0,
        "memory": found["memory_mib"] > MOST_MIB,
        "disk": found["disk_mib"] > MOST_DISK_MIB,
        "the device was not ended": case.ends and found["code"] == 0,
        "the device was ended": not case.ends and found["code"] != 0,
        "the other device has no result": found["other"] is False,
        "a candidate is marked failed": found["marked"],
    }
    return [words for words, broken in rules.items() if broken]


def measured(world: World, case: Case, number: int) -> dict[str, Any]:
    """One case: what it came to."""
    scratch, out = world.folder / f"scratch-{number}", world.folder / f"run-{number}"
    with case.told(world.folder / f"phone-{number}") as (device, environment):
        words = ["bench", "model.onnx", "--device", device, "--quick"]
        if case.whole:
            shutil.copytree(world.folder / "first", out)
            words = optimize(out)
        found = world.call(words, environment, scratch)
    found["traceback"] = "Traceback (most recent call last)" in found["said"]
    found["sentence"], found["way"] = sentence(found["said"]), words[0]
    found["other"] = has_result(out, "here") if case.whole else None
    found["marked"] = case.whole and marked(out, "there")
    found["wrong"] = wrong(case, found)
    said = found.pop("said")
    if found["wrong"]:
        found["said"] = said[-3000:]
    for folder in (out, scratch):
        shutil.rmtree(folder, ignore_errors=True)
    return found


def has_result(out: Path, target: str) -> bool:
    run = json.loads((out / "run.json").read_text())
    return any(c["target"] == target and c["recipe_id"] for c in run["choices"])


def marked(out: Path, target: str) -> bool:
    records = map(json.loads, (out / "results.jsonl").read_text().splitlines())
    return any(r["target"] == target and r["status"] not in ("ok", "skipped") for r in records)


def main(words: str) -> int:
    """Go through what is asked for."""
    known: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    todo = [c for c in CASES if (words in c.name if words else c.name not in known)]
    turn = threading.Lock()
    with tempfile.TemporaryDirectory(prefix="edgeopt-lying-") as place:
        world = World(Path(place) / "world")
        if any(case.whole for case in todo):
            call = optimize(world.folder / "first")
            first = world.call(call, {"EDGEOPT_LIE": FIRST}, world.folder / "scratch")
            assert has_result(world.folder / "first", "here"), first["said"]

        def one(case: Case) -> None:
            found = measured(world, case, CASES.index(case))
            with turn:
                known[case.name] = found
                RESULTS.write_text(json.dumps(known, indent=1) + "\n")
                print(f"{case.name}: {found['sentence'][:120]} {found['wrong'] or ''}", flush=True)

        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            waiting = [pool.submit(one, case) for case in todo if case.slow]
            for case in todo:
                if not case.slow:
                    one(case)
            for done in waiting:
                done.result()
    bad = [name for name, found in known.items() if found["wrong"]]
    print(f"{len(known)} of {len(CASES)}; wrong: {bad or 'none'}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(" ".join(sys.argv[1:])))
