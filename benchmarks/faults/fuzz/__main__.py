"""Tries every case, two at a time, and counts what is wrong by class.

    python -m benchmarks.faults.fuzz                     # all; goes on where it was stopped
    python -m benchmarks.faults.fuzz --kind options      # one class
    python -m benchmarks.faults.fuzz --only onnx-cut     # cases whose id has this in it
    python -m benchmarks.faults.fuzz --wrong             # those again that were wrong
    python -m benchmarks.faults.fuzz --table             # the counts so far, as in the docs

What is done lies in FOLDER/done.jsonl, by the seed, the case and the code of edgeopt and of this
bench: a change of either tries all again. Writes benchmarks/faults/fuzz.json, the counts and
every fault. Exit status 1 where anything was wrong, 3 where the time was over before the end.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.faults.fuzz import kinds, stock
from benchmarks.faults.fuzz.call import ROOT
from benchmarks.faults.fuzz.case import Case
from benchmarks.faults.fuzz.judge import KINDS
from edgeopt.jobs import interpreter

RESULTS = ROOT / "benchmarks/faults/fuzz.json"


class Campaign:
    """Cases still to be tried, and what came of those that were."""

    def __init__(self, asked: argparse.Namespace) -> None:
        self.seed: int = asked.seed
        self.folder: Path = asked.folder
        self.stock = self.folder / "stock"
        self.until = time.monotonic() + asked.minutes * 60
        self.path = self.folder / "done.jsonl"
        self.key = f"{self.seed}/{code()}"
        self.known = self._known()
        self.lock = threading.Lock()
        self.waiting: list[Case] = []
        self.total = self.began_with = 0
        self.began = time.monotonic()

    def begin(self, cases: list[Case], again: bool) -> None:
        """Take up what is not done yet; `again`: what was wrong, too."""
        wrong = [c for c in cases if self.known.get(c.id, {}).get("faults")]
        new = [c for c in cases if c.id not in self.known]
        self.waiting = (wrong if again else new)[::-1]
        self.total, self.began_with = len(cases), len(cases) - len(self.waiting)
        print(f"{self.total} cases, {self.began_with} of them done before", flush=True)

    def next(self) -> Case | None:
        with self.lock:
            over = time.monotonic() > self.until
            return None if over or not self.waiting else self.waiting.pop()

    def keep(self, line: dict[str, Any]) -> None:
        """Write down what came of a case, and say how far it is."""
        with self.lock:
            self.known[line["id"]] = line
            with self.path.open("a") as file:
                file.write(json.dumps({**line, "key": self.key}) + "\n")
            done = self.total - len(self.waiting)
            for fault in line["faults"]:
                print(f"  {line['id']}: {fault}", flush=True)
            if done % 50 == 0 or not self.waiting:
                seconds = time.monotonic() - self.began
                wrong = sum(bool(one["faults"]) for one in self.known.values())
                said = f"{done} of {self.total}, {wrong} wrong, {seconds / 60:.1f} min"
                print(f"[{said}, at {line['id']}]", flush=True)

    def _known(self) -> dict[str, dict[str, Any]]:
        if not self.path.exists():
            return {}
        found = {}
        for text in self.path.read_text().splitlines():
            try:
                line = json.loads(text)
            except ValueError:  # torn by a stop
                continue
            if line["key"] == self.key:
                found[line["id"]] = line
        return found


def code() -> str:
    """The hash of edgeopt and of this bench."""
    digest = hashlib.sha256()
    for folder in (ROOT / "edgeopt", Path(__file__).parent):
        for path in sorted(folder.rglob("*")):
            if path.suffix in (".py", ".j2"):
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def work(campaign: Campaign) -> None:
    """One lane: a process that tries cases until there are none."""
    lane = None
    while (case := campaign.next()) is not None:
        if lane is None or lane.poll() is not None:
            lane = start(campaign)
        assert lane.stdin is not None
        assert lane.stdout is not None
        lane.stdin.write(case.id + "\n")
        lane.stdin.flush()
        answer = lane.stdout.readline()
        lost = {"id": case.id, "faults": ["traceback: the bench's own process ended"], "said": ""}
        campaign.keep(json.loads(answer) if answer else lost)
    if lane is not None and lane.stdin is not None:
        lane.stdin.close()
        lane.wait(60)


def start(campaign: Campaign) -> subprocess.Popen[str]:
    words = interpreter.command("-m", "benchmarks.faults.fuzz.lane", "--stock", str(campaign.stock))
    words += ["--seed", str(campaign.seed)]
    log = (campaign.folder / "lanes.log").open("a")
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": log}
    environment = interpreter.environment()
    return subprocess.Popen(words, cwd=ROOT, env=environment, text=True, **pipes)


def counts(known: dict[str, dict[str, Any]]) -> dict[str, dict[str, int]]:
    """By class: cases, refused, ran, and each kind of fault."""
    found: dict[str, Counter[str]] = {}
    for name, line in sorted(known.items()):
        count = found.setdefault(name.partition("/")[0], Counter())
        count["cases"] += 1
        count["refused" if line.get("code") in (2, 3) else "ran"] += 1
        for fault in line["faults"]:
            count[fault.partition(":")[0]] += 1
    columns = ("cases", "refused", "ran", *KINDS)
    return {kind: {name: count[name] for name in columns} for kind, count in found.items()}


def table(counted: dict[str, dict[str, int]]) -> str:
    """The counts as a table in Markdown."""
    columns = ("cases", "refused", "ran", *KINDS)
    rows = [f"| {kind} | {' | '.join(map(str, row.values()))} |" for kind, row in counted.items()]
    totals = [sum(row[name] for row in counted.values()) for name in columns]
    head = f"| class | {' | '.join(columns)} |\n|{'---|' * (len(columns) + 1)}"
    return "\n".join([head, *rows, f"| all | {' | '.join(map(str, totals))} |"])


def write(campaign: Campaign) -> None:
    wrong = {name: one for name, one in sorted(campaign.known.items()) if one["faults"]}
    found = {
        "seed": campaign.seed,
        "code": code(),
        "counts": counts(campaign.known),
        "peak_mib": max((one.get("peak_mib", 0) for one in campaign.known.values()), default=0),
        "slowest": sorted(
            ((one.get("seconds", 0), name) for name, one in campaign.known.items()), reverse=True
        )[:10],
        "wrong": wrong,
    }
    RESULTS.write_text(json.dumps(found, indent=1, ensure_ascii=True) + "\n", "utf-8")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults.fuzz")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kind", default="", help=", ".join(kinds.names()))
    parser.add_argument("--only", default="", help="cases with this in their id")
    parser.add_argument("--wrong", action="store_true", help="those again that were wrong")
    parser.add_argument("--table", action="store_true", help="print the counts so far, and end")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=90.0)
    default = Path(tempfile.gettempdir()) / "edgeopt-fuzz-bench"
    parser.add_argument("--folder", type=Path, default=default, help="keeps what is done")
    return parser.parse_args()


def main() -> int:
    asked = arguments()
    campaign = Campaign(asked)
    if asked.table:
        print(table(counts(campaign.known)))
        return 0
    if not (campaign.stock / "whole").exists():
        print("making good files", flush=True)
        stock.light(campaign.stock)
        stock.heavy(campaign.stock)
        (campaign.stock / "whole").touch()
    cases = [c for c in kinds.cases(asked.seed, campaign.stock, asked.kind) if asked.only in c.id]
    campaign.begin(cases, asked.wrong)
    lanes = [threading.Thread(target=work, args=(campaign,)) for _ in range(asked.jobs)]
    for lane in lanes:
        lane.start()
    for lane in lanes:
        lane.join()
    write(campaign)
    print(table(counts(campaign.known)))
    if campaign.waiting:
        print(f"the time was over with {len(campaign.waiting)} to go: the same call goes on")
        return 3
    return int(any(campaign.known.get(case.id, {}).get("faults", True) for case in cases))


if __name__ == "__main__":
    sys.exit(main())
