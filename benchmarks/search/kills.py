"""Seeded kills of `tune`, each followed by the same call: nothing finished is lost or done twice.

    python -m benchmarks.search.kills [--kills 20] [--seed 0] [--scheduler local:2] [--out FILE]

One study of a grid of 40 networks, scored by what their training reports. Each call is killed
(SIGKILL) after a time that is drawn anew, counted from the first report of a training; the last one
runs to its end. After each kill what had been trained and judged is noted, and looked for at the
end, unchanged. The end is compared with the same call that nobody disturbed: the same combinations,
each with the same state, score and curve, and the same choice.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import json
import os
import platform
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.search import scale_space
from edgeopt.runner import sensors

CALL = """
import sys, edgeopt
space = "benchmarks.search.scale_space"
study = edgeopt.tune(
    f"{space}:build", f"{space}:train", sys.argv[1], "this-machine", trials=60, sampler="grid",
    form="onnxruntime fp32", score_by="reported", objectives=("score",), bundle=False,
    out=sys.argv[2],
    scheduler=sys.argv[3] or None, progress=lambda *told: print(*told, flush=True),
)
"""
LONGEST_S = 0.35


def finished(out: Path) -> dict[str, str]:
    """Trial -> its record, of those that the study's file has."""
    try:
        study = json.loads((out / "study.json").read_text())
    except (OSError, ValueError):
        return {}
    return {str(one["number"]): json.dumps(one, sort_keys=True) for one in study["trials"]}


def outcome(out: Path) -> dict[str, Any]:
    """What a study came to: combination -> (state, score, curve), and the choice."""
    study = json.loads((out / "study.json").read_text())
    trials = {
        json.dumps(one["params"], sort_keys=True): [one["state"], one["score"], one["curve"]]
        for one in study["trials"]
    }
    chosen = next((t["params"] for t in study["trials"] if t["number"] == study["chosen"]), None)
    return {"trials": trials, "chosen": chosen}


def trained(out: Path) -> set[str]:
    """Trials whose trained network is on the disk."""
    return {str(int(path.parent.name)) for path in out.glob("trials/*/trained.json")}


def killed(command: list[str], draw: random.Random, log: Path) -> float | None:
    """One call, killed; None: it ended before."""
    with log.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT)
        while process.poll() is None and b": step" not in log.read_bytes():
            time.sleep(0.02)
        after = draw.uniform(0.0, LONGEST_S)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(after)
            return None
        process.kill()
        process.wait()
    return after


def main() -> None:
    """See the module's head."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--scheduler", default="")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results/kills.json")
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="edgeopt-kills-"))
    notes = folder / "notes"
    notes.touch()
    os.environ |= {
        "EDGEOPT_CACHE": str(folder / "cache"), "EDGEOPT_RESULTS": "off",
        scale_space.NOTES: str(notes), scale_space.SLEEP: "0.05",
    }  # fmt: skip
    images, labels = scale_space.digits()
    data, out = folder / "eval.npz", folder / "study"
    np.savez(data, image=images[900:1200], labels=labels[900:1200])
    command = [sys.executable, "-c", CALL, str(data), str(out), asked.scheduler]
    draw = random.Random(asked.seed)
    rows: list[dict[str, Any]] = []
    judged: dict[str, str] = {}
    whole: dict[str, int] = {}  # how often it had been trained when its network was first there
    for number in range(asked.kills):
        after = killed(command, draw, folder / "call.log")
        judged, so_far = judged | finished(out), collections.Counter(notes.read_text().split())
        whole = {name: so_far[name] for name in trained(out)} | whole
        rows.append(
            {
                "kill": number,
                "after_s": None if after is None else round(after, 2),
                "judged": len(judged),
                "trained": len(whole),
                "trainings": len(notes.read_text().split()),
            }
        )
        print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
        if after is None:
            break
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    end, times = finished(out), collections.Counter(notes.read_text().split())
    notes.write_text("")
    alone = folder / "alone"
    undisturbed = [sys.executable, "-c", CALL, str(data), str(alone), asked.scheduler]
    subprocess.run(undisturbed, check=True, stdout=subprocess.DEVNULL)
    one, other = outcome(out), outcome(alone)
    found = {
        "command": f"python -m benchmarks.search.kills {' '.join(sys.argv[1:])}".strip(),
        "machine": {"cpu": sensors.machine()["cpu_model"], "cores": os.cpu_count()},
        "python": platform.python_version(),
        "load": os.getloadavg(),
        "kills": sum(row["after_s"] is not None for row in rows),
        "trials": len(end),
        "different": len(
            {json.dumps(json.loads(t)["params"], sort_keys=True) for t in end.values()}
        ),
        "states": dict(collections.Counter(json.loads(t)["state"] for t in end.values())),
        "judged_and_lost_or_changed": [n for n, text in judged.items() if end.get(n) != text],
        "trained_and_trained_again": [n for n, had in whole.items() if times[n] > had],
        "undisturbed_trials": len(other["trials"]),
        "same_trials": one["trials"] == other["trials"],
        "choice": one["chosen"],
        "same_choice": one["chosen"] == other["chosen"],
        "trainings": sum(times.values()),
        "trainings_cut_short_and_begun_anew": sum(times.values()) - len(times),
        "rows": rows,
    }
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps({**found, "rows": len(rows)}, indent=1))
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
