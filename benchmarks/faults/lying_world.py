"""A model, two targets, and boards and a phone that lie: what calls of the command there take."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path
from typing import Any

from benchmarks.devices import lying_ssh
from benchmarks.devices.sshd import HOST, SSHD, Sshd
from benchmarks.faults import profile, under_way
from edgeopt.jobs import interpreter

LIMIT_S = 600.0

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


#: The devices: of the target `there`, each in a list of its own. `board`: `ssh` itself is a
#: stand-in. `server`: a real sshd. `phone`: behind a stand-in for adb's server.
DEVICES = ("board", "server", "phone")


class World:
    """A folder with a model, two targets, and devices of one of them that lie."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "bin").mkdir(parents=True)
        ssh = folder / "bin" / "ssh"
        ssh.write_text(f'#!/bin/sh\nexec {sys.executable} {lying_ssh.__file__} "$@"\n')
        ssh.chmod(0o755)
        for name, match in (("here", profile.HERE), ("there", 'board = "^No Such$"')):
            profile.write(folder, ("onnxruntime", "fp32"), name=name, match=match)
        self.sshd = Sshd(folder) if SSHD else None
        links = {"board": "ssh://board", "phone": "adb://liar"}
        if self.sshd:
            links["server"] = f"ssh://{HOST}:{self.sshd.lying}"
        for name, link in links.items():
            self._list(name, link)
        subprocess.run(interpreter.command("-c", MODEL), cwd=folder, check=True)

    def _list(self, name: str, link: str) -> None:
        """The user's devices: one."""
        of_ssh = [f'python = "{sys.executable}"'] if link.startswith("ssh:") else []
        if name == "server" and self.sshd:
            of_ssh.append(f'ssh_config = "{self.sshd.config()}"')
        rows = [f"v = 1\n[devices.{name}]", f'link = "{link}"', 'target = "there"', *of_ssh]
        place = self.folder / f"config-{name}"
        place.mkdir()
        rows.append(f'folder = "{self.folder}/kept-{name}"')
        (place / "devices.toml").write_text("\n".join(rows) + "\n")

    def stop(self) -> None:
        if self.sshd:
            self.sshd.stop()

    def environment(self, device: str) -> dict[str, str]:
        """In which a device is the only one."""
        path = os.environ["PATH"]
        if device == "board":
            path = f"{self.folder}/bin:{path}"
        return {"PATH": path, "EDGEOPT_CONFIG": f"{self.folder}/config-{device}"}

    def call(self, words: list[str], more: dict[str, str], scratch: Path) -> dict[str, Any]:
        """One call of the command, with more in its environment: what it printed and took."""
        scratch.mkdir(parents=True)
        tag = uuid.uuid4().hex
        environment = {
            **interpreter.environment(),
            under_way.TAG: tag,
            "TMPDIR": str(scratch),
            "COLUMNS": "1000",
            **more,
        }
        began = time.monotonic()
        with (scratch / "said").open("wb") as said:
            process = subprocess.Popen(
                interpreter.command("-m", "benchmarks.faults.lying_command", *words),
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
            "left": left(tag),
        }


def left(tag: str, within_s: float = 15.0) -> list[str]:
    """Processes that are still there of a call that has ended."""
    deadline = time.monotonic() + within_s
    while (found := sorted(under_way.processes(tag))) and time.monotonic() < deadline:
        time.sleep(0.2)
    return [words[:200] for _, words in found]


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
