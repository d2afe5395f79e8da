"""A search on many workers: nothing lost, the same choice, what a trial costs, trials an hour.

    python -m benchmarks.search.scale [--workers 1 2 4 8] [--sleep 2] [--out FILE]

PostgreSQL (Debian's) and a Dask scheduler on this machine.

- `grid`: a grid of 40 networks by one process, and by 4 workers two of which own a device each
  (this machine behind an sshd on the loopback), one of the others killed in mid-study. The choice
  is compared, and a table says who did what.
- `growth`: trials an hour with 1 to 8 workers whose work sleeps. `overhead_ms` is what a trial
  takes beside its training and the sampler's own methods: from when its worker was free to its
  record, the storage's queries with it. `call_cpu_ms` is what the call computes for a trial.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import platform
import shutil
import signal
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

import edgeopt
from benchmarks.devices.sshd import Sshd
from benchmarks.search import scale_space
from benchmarks.search.postgres import Postgres
from edgeopt.devices import registry
from edgeopt.domain.study import Study
from edgeopt.runner import sensors
from edgeopt.tuning.elsewhere import RESOURCE
from edgeopt.tuning.scheduler import LocalCluster

SPACE = "benchmarks.search.scale_space"
DEVICES = {"one": "intel-cpu", "two": "intel-n100"}


class Owners(LocalCluster):
    """A cluster whose first two workers own a device each."""

    def tend(self) -> None:
        for number in range(self.count):
            name = f"worker-{number}"
            if name in self._processes:
                continue
            words = ["--name", name, "--nthreads", "1", "--no-nanny", "--no-dashboard"]
            words += ["--memory-limit", "0", "--local-directory", str(self.folder)]
            if number < len(DEVICES):
                words += ["--resources", f"{RESOURCE}{list(DEVICES)[number]}=1"]
            self._start(name, "distributed.cli.dask_worker", self._address, *words)


def grid(folder: Path, database: str) -> dict[str, Any]:
    """See the module's head."""
    images, labels = scale_space.digits()
    data = folder / "eval.npz"
    np.savez(data, image=images[900:1300], labels=labels[900:1300])
    notes = folder / "notes"
    os.environ[scale_space.NOTES] = str(notes)
    os.environ[scale_space.SLEEP] = "0.5"
    asked: dict[str, Any] = {
        "data": data, "target": list(DEVICES.values()), "device": list(DEVICES),
        "sampler": "grid", "trials": 60, "form": "onnxruntime fp32", "max_latency_ms": 1000.0,
        "bundle": False,
    }  # fmt: skip
    functions = (f"{SPACE}:build", f"{SPACE}:train")
    began = time.monotonic()
    alone = edgeopt.tune(*functions, **asked, out=folder / "alone")
    alone_s = time.monotonic() - began
    notes.unlink(missing_ok=True)
    os.environ["EDGEOPT_CACHE"] = str(folder / "c-many")  # nothing is known of the first run
    cluster = Owners(4, (), folder / "workers.log", folder / "cluster")
    cluster.folder.mkdir()
    address = cluster.start()
    killed: list[int] = []

    def kill(what: str, done: int = 0, total: int = 0) -> None:
        print(what, file=sys.stderr, flush=True)
        if done >= 12 and not killed:
            os.kill(cluster._processes["worker-3"].pid, signal.SIGKILL)
            killed.append(done)

    try:
        began = time.monotonic()
        study = edgeopt.tune(
            *functions, **asked, out=folder / "many", storage=database, name="grid",
            scheduler=address, progress=kill,
        )  # fmt: skip
        many_s = time.monotonic() - began
    finally:
        cluster.close()
    trained = collections.Counter(notes.read_text().split())
    return {
        "trials": len(study.trials),
        "states": dict(collections.Counter(one.state for one in study.trials)),
        "different": len({str(one.params) for one in study.trials}),
        "killed_after": killed,
        "begun_again": sum(one.attempts > 1 for one in study.trials),
        "trained_more_than_once": [n for n, times in trained.items() if times > 1],
        "choice": study.best and study.best.params,
        "choice_score": study.best and study.best.score,
        "choice_of_local_run": alone.best and alone.best.params,
        "choice_score_of_local_run": alone.best and alone.best.score,
        "same_choice": bool(study.best and alone.best and study.best.params == alone.best.params),
        "same_combinations": _combinations(study) == _combinations(alone),
        "who_did_what": msgspec.to_builtins(study.workers),
        "overhead_ms": _overhead(study),
        "seconds_of_trials": [one.seconds for one in study.trials],
        "seconds": {"one process": round(alone_s, 1), "4 workers": round(many_s, 1)},
    }


def _combinations(study: Study) -> list[str]:
    return sorted(str(sorted(one.params.items())) for one in study.trials)


def _overhead(study: Study) -> dict[str, float]:
    """Of trials but each worker's first, which starts its process."""
    firsts: dict[str, int] = {}
    for one in study.trials:
        firsts.setdefault(one.worker, one.number)
    whole = [t for t in study.trials if t.number not in firsts.values() and t.attempts == 1]
    over = [1000 * one.seconds["overhead"] for one in whole]
    return {
        "mean": round(statistics.mean(over), 1),
        "median": round(statistics.median(over), 1),
        "most": round(max(over), 1),
    }


def growth(folder: Path, database: str, workers: int, sleep: float) -> dict[str, Any]:
    """Trials an hour with so many workers. Each one's first trial starts its process: left out."""
    os.environ[scale_space.SLEEP] = str(sleep)
    count = 6 * workers
    cluster = Owners(workers, (), folder / f"{workers}.log", folder / f"cluster-{workers}")
    cluster.folder.mkdir()
    ends: list[float] = []

    def heard(what: str, done: int = 0, total: int = 0) -> None:
        if done and len(ends) < done:
            ends.append(time.monotonic())

    rng = np.random.default_rng(0)
    data = {"image": rng.normal(size=(32, 64)).astype(np.float32), "labels": np.arange(32) % 10}
    address = cluster.start()
    cpu: list[float] = []

    def told(what: str, done: int = 0, total: int = 0) -> None:
        heard(what, done, total)
        cpu.append(time.process_time())

    try:
        study = edgeopt.tune(
            f"{SPACE}:sleep_build", f"{SPACE}:sleep_train", data, "this-machine", trials=count,
            sampler="random", objectives=("score",), score_by="reported", bundle=False,
            pruner="none", out=folder / f"growth-{workers}", storage=database,
            name=f"growth-{workers}", scheduler=address, progress=told,
        )  # fmt: skip
    finally:
        cluster.close()
    window = ends[workers - 1 :]
    hours = (window[-1] - window[0]) / 3600
    return {
        "workers": workers,
        "trials": len(study.trials),
        "by": dict(collections.Counter(one.worker for one in study.trials)),
        "trials_an_hour": round((len(window) - 1) / hours),
        "overhead_ms": _overhead(study),
        "call_cpu_ms": round(1000 * (cpu[-1] - cpu[0]) / len(study.trials), 1),
        "sampler_ms": round(1000 * statistics.mean(t.seconds["sampler"] for t in study.trials), 1),
    }


def main() -> None:
    """See the module's head."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2, 4, 8])
    parser.add_argument("--sleep", type=float, default=2.0)
    parser.add_argument("--only", choices=["grid", "growth"])
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results/scale.json")
    asked = parser.parse_args()
    os.environ["EDGEOPT_RESULTS"] = "off"
    folder = Path(tempfile.mkdtemp(prefix="edgeopt-scale-"))
    os.environ["EDGEOPT_CACHE"], os.environ["EDGEOPT_CONFIG"] = str(folder / "c"), str(folder / "d")
    found = json.loads(asked.out.read_text()) if asked.out.exists() else {}
    found |= {
        "command": f"python -m benchmarks.search.scale {' '.join(sys.argv[1:])}".strip(),
        "machine": {"cpu": sensors.machine()["cpu_model"], "cores": os.cpu_count()},
        "python": platform.python_version(),
        "load_before": os.getloadavg(),
        "sleep_s": asked.sleep,
    }
    server, database = Sshd(folder), Postgres(folder / "pg")
    for name, target in DEVICES.items():
        fields = {"target": target, "python": sys.executable, "folder": str(folder / name)}
        registry.add(name, server.entry(**fields))
    try:
        if asked.only != "growth":
            found["grid"] = grid(folder, database.url)
            _write(asked.out, found)
        if asked.only != "grid":
            found["growth"] = []
            for count in asked.workers:
                found["growth"].append(growth(folder, database.url, count, asked.sleep))
                _write(asked.out, found)
    finally:
        server.stop()
        database.stop()
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(found, indent=1))


def _write(path: Path, found: dict[str, Any]) -> None:
    found["load_after"] = os.getloadavg()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
