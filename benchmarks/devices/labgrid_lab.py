"""A lab of labgrid's own coordinator and exporter on the loopback: models measured through it.

    python -m benchmarks.devices.labgrid_lab --labgrid FOLDER [--out FILE]

FOLDER has labgrid's commands (the bin/ of an environment with `pip install labgrid`). The lab has
one place, whose board is this machine behind an sshd. Who holds it is asked of the lab while
edgeopt works, and afterwards; after a call that fails, one that is interrupted and one that is
killed; while somebody else has it; and where its coordinator is gone.
"""

from __future__ import annotations

import argparse
import getpass
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.devices.sshd import HOST, Sshd, free_port
from benchmarks.search import scale_space
from edgeopt.devices import labgrid_client, registry
from edgeopt.domain.device import DeviceEntry
from edgeopt.runner import sensors

EDGEOPT = [sys.executable, "-m", "edgeopt"]
PLACE = "pi5"
TARGET = "intel-cpu"


class Lab:
    """Coordinator and exporter; one place."""

    def __init__(self, folder: Path, board: dict[str, Any]) -> None:
        address = f"{HOST}:{free_port()}"
        os.environ["LG_COORDINATOR"] = address
        (folder / "exporter.yaml").write_text(json.dumps({"board": {"NetworkService": board}}))
        self._folder, self._log = folder, (folder / "lab.log").open("ab")
        self._processes = [self._start("labgrid-coordinator", "-l", address)]
        self._until(lambda: self.call("places").returncode == 0)
        self._processes.append(
            self._start(
                "labgrid-exporter", "-c", address, "-n", "lab", str(folder / "exporter.yaml")
            )
        )
        self._until(lambda: "NetworkService" in self.call("resources").stdout)
        for words in (["create"], ["add-match", "lab/board/NetworkService"]):
            assert self.call("-p", PLACE, *words).returncode == 0

    def call(self, *words: str, user: str = "") -> subprocess.CompletedProcess[str]:
        """labgrid-client, as somebody."""
        env = {**os.environ, **({"LG_USERNAME": user} if user else {})}
        return subprocess.run(["labgrid-client", *words], capture_output=True, text=True, env=env)

    def holder(self) -> str:
        """Who has the place."""
        return labgrid_client.show(PLACE).holder

    def stop(self) -> None:
        for one in self._processes:
            one.kill()
            one.wait()

    def _start(self, *words: str) -> subprocess.Popen[bytes]:
        # In a folder of its own: the coordinator keeps its places in the current one.
        return subprocess.Popen(words, stdout=self._log, stderr=self._log, cwd=self._folder)

    @staticmethod
    def _until(there: Any) -> None:
        deadline = time.monotonic() + 60
        while not there():
            assert time.monotonic() < deadline, "the lab does not start"
            time.sleep(0.5)


def called(lab: Lab, *words: str, how: int = 0) -> dict[str, Any]:
    """One call of edgeopt, and who had the place meanwhile and afterwards.

    Args:
        how: a signal that it gets as soon as it has the place.
    """
    began = time.monotonic()
    process = subprocess.Popen(
        [*EDGEOPT, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    meanwhile = set()
    while process.poll() is None:
        holder = lab.holder()
        meanwhile.add(holder)
        if how and holder:
            time.sleep(2)
            process.send_signal(how)
            how = 0
        time.sleep(0.3)
    said = process.communicate()[0]
    deadline = time.monotonic() + 30
    while process.returncode < 0 and lab.holder() and time.monotonic() < deadline:
        time.sleep(0.2)  # its guard is at work
    return {
        "command": f"edgeopt {' '.join(words)}",
        "exit_code": process.returncode,
        "held_meanwhile_by": sorted(meanwhile - {""}),
        "held_afterwards_by": lab.holder(),
        "seconds": round(time.monotonic() - began, 1),
        "said": said.strip().splitlines()[-12:],
    }


def main() -> None:
    """See the module's head."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labgrid", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("labgrid_lab.json"))
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="edgeopt-lab-"))
    os.environ |= {
        "PATH": f"{asked.labgrid.resolve()}{os.pathsep}{os.environ['PATH']}",
        "EDGEOPT_RESULTS": "off",
        "EDGEOPT_CACHE": str(folder / "cache"),
        "EDGEOPT_CONFIG": str(folder / "config"),
    }
    server = Sshd(folder)
    board = {"address": HOST, "port": server.port, "username": getpass.getuser()}
    lab = Lab(folder, board)
    registry.add(
        PLACE,
        DeviceEntry(
            link=f"labgrid://{PLACE}", target=TARGET, ssh_config=server.config(),
            python=sys.executable, folder=str(folder / "board"),
        ),
    )  # fmt: skip
    images, labels = scale_space.digits()
    np.savez(folder / "eval.npz", image=images[900:1100], labels=labels[900:1100])
    model = str(scale_space.saved(8, np.ones((8, 10))))
    space = "benchmarks.search.scale_space"
    tune = [
        "tune", f"{space}:build", "--train", f"{space}:train", "--data", str(folder / "eval.npz"),
        "--target", TARGET, "--device", PLACE, "--trials", "2", "--form", "onnxruntime fp32",
        "--no-bundle",
    ]  # fmt: skip
    bench = ("bench", model, "--device", PLACE, "--quick", "--shape", "image=1x64", "--out",
             str(folder / "bench.json"))  # fmt: skip
    broken = folder / "broken.onnx"
    broken.write_bytes(b"no model at all")
    found: dict[str, Any] = {
        "labgrid": lab.call("version").stdout.strip(),
        "machine": {"cpu": sensors.machine()["cpu_model"], "cores": os.cpu_count()},
        "python": platform.python_version(),
    }
    try:
        found["check"] = called(lab, "devices", "check", PLACE, "--runtime", "onnxruntime")
        found["bench"] = called(lab, *bench)
        found["tune"] = called(lab, *tune, "--out", str(folder / "study"))
        found["tune on workers"] = called(
            lab, *tune, "--out", str(folder / "study-2"), "--scheduler", "local:2"
        )
        found["a model that is none"] = called(lab, "bench", str(broken), *bench[2:5])
        found["interrupted"] = called(lab, *bench, how=signal.SIGINT)
        found["killed"] = called(lab, *bench, how=signal.SIGKILL)
        lab.call("-p", PLACE, "acquire", user="anna")
        found["somebody else has it"] = called(lab, *bench)
        lab.call("-p", PLACE, "release", user="anna")
        lab.call("-p", PLACE, "acquire")
        found["the user has it"] = called(lab, *bench)
        lab.call("-p", PLACE, "release")
        found["no such place"] = called(lab, "bench", model, "--device", "labgrid://nosuch")
        os.environ["LG_COORDINATOR"] = f"{HOST}:1"
        words = [*EDGEOPT, *bench]
        said = subprocess.run(words, capture_output=True, text=True)
        found["no coordinator"] = {"exit_code": said.returncode, "said": said.stderr.splitlines()}
    finally:
        lab.stop()
        server.stop()
    asked.out.write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
