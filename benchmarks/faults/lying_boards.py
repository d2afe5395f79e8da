"""Every way in which a board or a phone can lie, through the real command line.

    python -m benchmarks.faults.lying_boards              # what is not in the results yet
    python -m benchmarks.faults.lying_boards "keeper put"  # those whose name has these words, anew

A board whose `ssh` is `benchmarks/devices/lying_ssh.py` tells all lies; one behind a real sshd
those that stall and flood and one in four of the others ("sshd: "); a phone behind a stand-in for
adb's server tells its own ("phone: "). One in five, and all that are told so late that only a run
reaches them, are told to an `optimize` over this machine and the device, the others to a `bench`
on the device.

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
from benchmarks.devices.sshd import SSHD
from benchmarks.faults.lying_world import World

RESULTS = Path(__file__).with_suffix(".json")
MOST_MIB = 1500  # of memory: a run without a lie has about 500
MOST_DISK_MIB = 200
WAITED_FOR = ("nothing", "now and then", "byte at a time", "larger file", "no answer", "not take")
LATE = ("keeper get", "runner infer")
FLOODS = ("without an end", "for ever", "10 MB", "much on stderr", "byte now and then")
#: What only a run asks a phone for.
LATE_OF_PHONE = ("RECV", "SEND", "sha256sum", "df -k")
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
        device: who tells it (`lying_world.DEVICES`).
        whole: a run over two devices; else a `bench` on the one.
        ends: whether it has to end the device.
    """

    lie: str
    device: str
    whole: bool
    ends: bool = True

    @property
    def name(self) -> str:
        return {"board": "", "server": "sshd: ", "phone": "phone: "}[self.device] + self.lie

    @property
    def slow(self) -> bool:
        """Whether it is waited for, at no cost."""
        return any(words in self.lie for words in WAITED_FOR)

    @contextlib.contextmanager
    def told(self, folder: Path) -> Iterator[dict[str, str]]:
        """What finds the device in an environment, while it is there."""
        if self.device != "phone":
            yield {"EDGEOPT_LIE": self.lie}
            return
        lie = {**adb_lies.LIES, **adb_lies.TEXTS}[self.lie]
        server = adb_lies.LyingAdbServer(phone.make(folder, phone.SAID), "liar", lie)
        try:
            yield {"ANDROID_ADB_SERVER_PORT": str(server.port)}
        finally:
            server.stop()


def _of_boards() -> Iterator[Case]:
    for i, lie in enumerate(LIES):
        late = lie.name.startswith(LATE)
        yield Case(lie.name, "board", late or i % 5 == 0, lie.ends)
        if i % 4 == 0 or any(words in lie.name for words in (*WAITED_FOR, *FLOODS)):
            yield Case(lie.name, "server", late or i % 5 == 0, lie.ends)


def _of_phones() -> Iterator[Case]:
    for i, (name, (words, _)) in enumerate(adb_lies.LIES.items()):
        yield Case(name, "phone", words in LATE_OF_PHONE or i % 5 == 0)
    for name in adb_lies.TEXTS:
        yield Case(name, "phone", True, ends=False)


CASES = [*_of_boards(), *_of_phones()]


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
        "processes are left": bool(found["left"]),
    }
    return [words for words, broken in rules.items() if broken]


def measured(world: World, case: Case, number: int) -> dict[str, Any]:
    """One case: what it came to."""
    scratch, out = world.folder / f"scratch-{number}", world.folder / f"run-{number}"
    words = ["bench", "model.onnx", "--device", case.device, "--quick"]
    with case.told(world.folder / f"phone-{number}") as environment:
        found = world.call(
            optimize(out) if case.whole else words,
            {**world.environment(case.device), **environment},
            scratch,
        )
    found["traceback"] = "Traceback (most recent call last)" in found["said"]
    found["sentence"] = sentence(found["said"])
    found["way"] = "optimize" if case.whole else "bench"
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
    if not (out / "run.json").exists():
        return False
    run = json.loads((out / "run.json").read_text())
    return any(c["target"] == target and c["recipe_id"] for c in run["choices"])


def marked(out: Path, target: str) -> bool:
    if not (out / "results.jsonl").exists():
        return False
    records = map(json.loads, (out / "results.jsonl").read_text().splitlines())
    return any(r["target"] == target and r["status"] not in ("ok", "skipped") for r in records)


def main(words: str) -> int:
    """Go through what is asked for."""
    known: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    todo = [c for c in CASES if (words in c.name if words else c.name not in known)]
    if SSHD is None:
        print("no real sshd: apt-get install openssh-server")
        todo = [case for case in todo if case.device != "server"]
    turn = threading.Lock()
    with tempfile.TemporaryDirectory(prefix="edgeopt-lying-") as place:
        world = World(Path(place) / "world")

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
        world.stop()
    bad = [name for name, found in known.items() if found["wrong"]]
    print(f"{len(known)} of {len(CASES)}; wrong: {bad or 'none'}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(" ".join(sys.argv[1:])))
