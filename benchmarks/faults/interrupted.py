"""Kills, full disks and two calls on one folder: nothing lost, nothing false kept, nothing left.

    python -m benchmarks.faults.interrupted                  # all; what was done is not done again
    python -m benchmarks.faults.interrupted kill-KILL-07 disk-out-2 two-at-once
    python -m benchmarks.faults.interrupted kill             # those whose name begins so
    python -m benchmarks.faults.interrupted --fresh          # from the beginning

Writes benchmarks/faults/interrupted.json. Exit status 1 where anything was wrong. Full disks need
root (they are small disks in memory); without it those cases say so.
"""

from __future__ import annotations

import json
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.faults import under_way
from benchmarks.faults.afterwards import Found, goes_on, lines
from benchmarks.faults.small_run import Bench, Scene
from benchmarks.faults.two_calls import TWO, wait

CONVERTER = "edgeopt.convert.worker:make"
RESULTS = Path(__file__).with_suffix(".json")
KILLS = 30
SIGNALS = ("KILL", "TERM", "INT")
#: Steps that kills wait for, beside those at moments: the tools' environment, the converters.
STEPS = {
    "venv": "TERM",
    "pip": "KILL",
    "pip's build": "INT",
    "onnx2tf": "KILL",
    "below onnx2tf": "TERM",
    CONVERTER: "INT",
}
PLACES = ("out", "temporary", "cache")
SIZES = 4  # of each place
SEED = 14
TRIES = 4
MIB = 1 << 20


def kill(scene: Scene, reference: Found, name: str, moment: float) -> list[str]:
    """End a call at a share of the time that one takes; then the same call again."""
    seconds = reference["seconds"]
    for _ in range(TRIES):
        began, process = time.monotonic(), scene.start()
        try:
            process.wait(moment * seconds)
        except subprocess.TimeoutExpired:
            return _killed(scene, reference, process, name, under_way.steps(scene.tag))
        process.communicate()
        seconds = time.monotonic() - began  # the machine has more time than it had
        scene.clear()
    return ["the call was over before it could be killed"]


def kill_during(scene: Scene, reference: Found, name: str, step: str) -> list[str]:
    """End a call when it is at a step; then the same call again."""
    process = scene.start()
    seen: list[str] = []

    def there() -> bool:
        seen[:] = under_way.steps(scene.tag)
        return step in seen

    wait(there, process)
    wrong = _killed(scene, reference, process, name, seen)
    return [*wrong, *[f"{step} was not met"] * (step not in scene.met)]


def _killed(
    scene: Scene, reference: Found, process: subprocess.Popen[str], name: str, met: Sequence[str]
) -> list[str]:
    scene.met = list(met)
    process.send_signal(getattr(signal, f"SIG{name}"))
    process.communicate(timeout=60)
    wrong = [f"after {name} in {scene.met}: {one} is left" for one in scene.left()]
    return [*wrong, *goes_on(scene, reference, lines(scene))]


def disk(scene: Scene, reference: Found, place: str, size_bytes: int) -> list[str]:
    """A call whose disk is too small at one place; then there is room, and the same call again."""
    mounted = {"out": scene.out.parent, "temporary": scene.temporary, "cache": scene.cache}[place]
    options = f"size={size_bytes}"
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "edgeopt-bench", str(mounted)],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        return [f"not done: no small disk can be mounted ({done.stderr.strip()}): this needs root"]
    try:
        code, said = scene.call()
        wrong = _refused(code, said, str(mounted)) if code else []
        if code == 0 and scene.rows() != reference["rows"]:
            wrong.append(f"ended well with other records: {scene.rows()}")
        bad = [row for row in scene.rows() if row not in reference["rows"]]
        wrong += [f"recorded of a candidate: {row}" for row in bad]
        wrong += [f"{one} is left" for one in scene.left()]
        before = lines(scene)
        wrong += ["a half line is left in results.jsonl"] * any(
            not line.endswith("\n") for line in before
        )
        more = ["mount", "-o", "remount,size=1g", str(mounted)]
        subprocess.run(more, check=True, capture_output=True)
        return [*wrong, *goes_on(scene, reference, before)]
    finally:
        subprocess.run(["umount", "-l", str(mounted)], capture_output=True, check=False)


def _refused(code: int, said: str, place: str) -> list[str]:
    wrong = [f"exit {code} and not 2"] if code != 2 else []
    if "Traceback" in said or "error: " not in said:
        wrong.append(f"no sentence: {said[-400:]}")
    elif place not in said or not re.search(r"\d free|\d [kMG]?B free|bytes free", said):
        wrong.append(f"it does not say which place, and how much is free: {said[-400:]}")
    return wrong


def cases(reference: Found) -> dict[str, Callable[[Scene], list[str]]]:
    """All cases by name, the same ones each time."""
    rng = random.Random(SEED)
    found: dict[str, Callable[[Scene], list[str]]] = {}
    for number in range(KILLS):
        moment, name = (number + rng.random()) / KILLS, SIGNALS[number % len(SIGNALS)]
        found[f"kill-{name}-{number:02d}"] = lambda scene, n=name, m=moment: kill(  # type: ignore[misc]
            scene, reference, n, m
        )
    for step, name in STEPS.items():
        title = step.rpartition(".")[2].replace(":", "-")  # a folder of tools has no colon
        found[f"kill-{name}-{title}"] = lambda scene, n=name, s=step: kill_during(  # type: ignore[misc]
            scene, reference, n, s
        )
    for place in PLACES:
        for number in range(SIZES):
            share = (number + rng.random()) / SIZES
            size = int(MIB / 2 + share * reference["peak_bytes"][place])
            found[f"disk-{place}-{number}"] = lambda scene, p=place, s=size: disk(  # type: ignore[misc]
                scene, reference, p, s
            )
    for title, two in TWO.items():
        found[title] = lambda scene, t=two: t(scene, reference)  # type: ignore[misc]
    return found


def refer(bench: Bench, place: Path) -> Found:
    """An uninterrupted call: how long it takes, what it comes to, what room it needs."""
    scene = Scene(bench, place)
    began, peak = time.monotonic(), dict.fromkeys(PLACES, 0)
    process = scene.start()
    while process.poll() is None:
        for name in PLACES:
            folder = scene.out.parent if name == "out" else getattr(scene, name)
            peak[name] = max(peak[name], _size(folder))
        time.sleep(0.2)
    seconds = time.monotonic() - began
    out, err = process.communicate()
    assert process.returncode == 0, out + err
    return {"seconds": round(seconds, 1), "rows": scene.rows(), "peak_bytes": peak}


def _size(folder: Path) -> int:
    done = subprocess.run(["du", "-sb", str(folder)], capture_output=True, text=True, check=False)
    return int((done.stdout.split() or ["0"])[0])


def main(words: list[str]) -> int:
    fresh = "--fresh" in words
    wanted = [word for word in words if word != "--fresh"]
    known = json.loads(RESULTS.read_text("utf-8")) if RESULTS.is_file() and not fresh else {}
    with tempfile.TemporaryDirectory(prefix="interrupted-") as place:
        bench = Bench(Path(place))
        bench.prepare()
        reference = known["reference"] = refer(bench, Path(place) / "reference")
        print(f"uninterrupted: {reference}")
        for name, case in cases(reference).items():
            if not (name.startswith(tuple(wanted)) if wanted else name not in known):
                continue
            began, scene = time.monotonic(), Scene(bench, Path(place) / name)
            wrong = case(scene)
            seconds = round(time.monotonic() - began, 1)
            known[name] = {"wrong": wrong, "seconds": seconds, "met": scene.met}
            print(name, "; ".join(wrong) or "right", f"{seconds} s", *scene.met, flush=True)
            RESULTS.write_text(json.dumps(known, indent=1, ensure_ascii=False) + "\n", "utf-8")
    done = [name for name in known if name != "reference"]
    bad = [name for name in done if known[name]["wrong"]]
    print(f"{len(done)} cases, {len(bad)} wrong: {', '.join(bad) or 'none'}")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
