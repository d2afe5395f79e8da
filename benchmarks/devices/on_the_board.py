"""edgeopt itself on an ARM board: its wheel, with what has aarch64 wheels, on an emulated core.

    python -m benchmarks.devices.on_the_board [--board NAME] [--place FOLDER] [--only WORD ...]
        [--out FILE]

Builds edgeopt's wheel, takes the Python of the emulated boards (`edgeopt/devices/arm_tree.py`),
lets pip fetch the aarch64 wheels of each extra, and types the commands of `STEPS` there as somebody
on the board would. An extra without wheels is named in the result, and its commands are typed all
the same: what they say is kept. No figure in milliseconds means anything. Needs
`apt-get install qemu-user-static` and pip's index; half an hour on two idle cores.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgeopt import targets
from edgeopt.devices import arm_tree, qemu, wheels
from edgeopt.devices.arm_cores import files, standing_for
from edgeopt.jobs import interpreter
from edgeopt.jobs.child import QUIET_ENVIRONMENT

ROOT = Path(__file__).parents[2]
RESULT = Path(__file__).with_suffix(".json")
LIMIT_S = 2400.0

#: pip reads the markers of requirements for the machine that it runs on, so that
#: `platform_machine == 'x86_64'` is asked for here and nowhere on a board.
EXTRAS = ("onnxruntime", "litert", "openvino", "ncnn", "mnn", "sklearn", "annotations", "coreml")

START = """#!/bin/sh
# argv[0] is this file, so that Python starts itself through it, too.
ulimit -c 0
exec {emulator} {tree}/lib/ld-linux-aarch64.so.1 --library-path {tree}/lib --argv0 "$0" \\
    {tree}/bin/python{python} "$@"
"""


@dataclass(frozen=True)
class Step:
    """A command as it is typed there.

    Attributes:
        fine: exit codes that it may have.
        says: what its output must have in it, a regular expression.
    """

    word: str
    command: str
    fine: tuple[int, ...] = (0,)
    says: str = ""


STEPS = (
    Step("version", "edgeopt --version", says=r"edgeopt, version"),
    Step("help", "edgeopt --help", says="optimize"),
    Step("targets", "edgeopt targets", says="raspberry-pi-5"),
    Step("doctor", "edgeopt doctor", fine=(0, 1), says="Raspberry Pi"),
    Step("inspect", "edgeopt inspect net.onnx", says="edgeopt optimize"),
    Step("try", "edgeopt try net.onnx --out runs/try"),
    Step("report", "edgeopt report runs/try"),
    Step("bench", "edgeopt bench runs/try/artifacts/*/*.onnx --quick"),
    Step("optimize", "edgeopt optimize net.onnx --target this-machine --data eval.npz --quick"
                     " --out runs/net --runtime onnxruntime,openvino,litert"),
    Step("run.py", "python runs/net/this-machine/run.py --benchmark"),
    Step("torch", "edgeopt inspect net.pt2", says="edgeopt optimize"),
)  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--board", default="raspberry-pi-5", choices=sorted(_boards()))
    parser.add_argument("--place", type=Path, default=Path("runs/on-the-board"))
    parser.add_argument("--only", nargs="+", choices=[step.word for step in STEPS])
    parser.add_argument("--out", type=Path, default=RESULT)
    options = parser.parse_args()
    place = options.place.resolve()
    place.mkdir(parents=True, exist_ok=True)
    profile = targets.load(options.board)
    found: dict[str, Any] = json.loads(options.out.read_text()) if options.out.exists() else {}
    found |= {"v": 1, "board": profile.name, "emulator": f"qemu-aarch64 {qemu.find().version}"}
    found["extras"] = _install(place)
    environment = _machine(place, options.board)
    _models(place)
    bad = 0
    for step in STEPS:
        if options.only is None or step.word in options.only:
            row = _type(step, place, environment)
            found.setdefault("commands", {})[step.word] = row
            bad += not row["as it should"]
            options.out.write_text(json.dumps(found, indent=1) + "\n")
            print(f"{step.command}\n  exit code {row['rc']}, {row['seconds']} s", flush=True)
    print(f"{bad} of them ended otherwise than they should; see {place / 'log.txt'}")
    return bool(bad)


def _boards() -> Iterator[str]:
    return (name for name in targets.names() if targets.load(name).arch == "aarch64")


def _install(place: Path) -> dict[str, str]:
    """edgeopt's wheel with each extra that has wheels; extra -> "" or why not."""
    site, dist = place / "site", place / "dist"
    build = [sys.executable, "-m", "build", "--wheel", "--outdir", str(dist), str(ROOT)]
    subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
    wheel = max(dist.glob("edgeopt-*.whl"), key=lambda file: file.stat().st_mtime)
    _pip(site, "--no-deps", str(wheel))
    kept = place / "extras.json"
    said = json.loads(kept.read_text()) if kept.exists() else {}
    for extra in ("", *EXTRAS):
        if extra not in said:
            wanted = [one for one, reason in said.items() if one and not reason] + [extra]
            said[extra] = _pip(site, f"{wheel}[{','.join(wanted)}]" if extra else str(wheel))
            print(f"edgeopt[{extra}]: {said[extra] or 'installed'}", flush=True)
            kept.write_text(json.dumps(said))
    return dict(said)


def _pip(site: Path, *requirements: str) -> str:
    """Install wheels of a board's kind; "" or pip's reason."""
    command = [
        *interpreter.command("-m", "pip", "install", "--quiet", "--target", str(site)),
        *("--upgrade", "--no-compile", "--only-binary=:all:", "--implementation", "cp"),
        *("--python-version", arm_tree.PYTHON),
    ]
    for platform in wheels.platforms("aarch64", arm_tree.LIBC):
        command += ["--platform", platform]
    done = subprocess.run([*command, *requirements], capture_output=True, text=True)
    return wheels.complaint(done.stderr) if done.returncode else ""


def _machine(place: Path, board: str) -> dict[str, str]:
    """Programs of the board in PLACE/bin, its own files, and the environment that it runs in."""
    profile = targets.load(board)
    standing = standing_for(profile)
    bare = arm_tree.tree(wanted=_bare())
    for name, text in {
        **files(profile, standing.core),
        "proc/device-tree/model": f"{profile.title} (emulated {standing.core.name})",
    }.items():
        file = place / "board" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    words = {"emulator": qemu.find().program, "tree": bare, "python": arm_tree.PYTHON}
    programs = {
        "python": START.format(**words),
        "edgeopt": f'#!/bin/sh\nexec {place}/bin/python -P -m edgeopt "$@"\n',
    }
    for name, text in programs.items():
        file = place / "bin" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        file.chmod(0o755)
    mine = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "LD_", "EDGEOPT"))}
    return {
        **mine,
        **QUIET_ENVIRONMENT,
        "PATH": f"{place / 'bin'}:{os.environ['PATH']}",
        "HOME": str(place / "home"),
        "EDGEOPT_CACHE": str(place / "cache"),
        "EDGEOPT_RESULTS": "off",
        "PYTHONHOME": str(bare),
        "PYTHONNOUSERSITE": "1",
        "PYTHONPATH": str(place / "site"),
        "QEMU_CPU": standing.core.name,
        "QEMU_LD_PREFIX": str(place / "board"),
        "COLUMNS": "80",
    }


def _bare() -> arm_tree.Contents:
    """The bare Python of an emulated board: everything else is installed as on a board."""
    return arm_tree.Contents(
        layout=arm_tree.LAYOUT,
        release=arm_tree.RELEASE,
        python=arm_tree.PYTHON,
        packages=arm_tree.PACKAGES,
        wheels=(),
    )


def _models(place: Path) -> None:
    from benchmarks.docs.nets import CLASSES, onnx_classifier, program

    onnx_classifier(place / "net.onnx", CLASSES)
    program(place / "net.pt2")
    rng = np.random.default_rng(0)
    images = rng.normal(size=(200, 3, 32, 32)).astype(np.float32)
    np.savez(place / "eval.npz", image=images, labels=rng.integers(CLASSES, size=200))


def _type(step: Step, place: Path, environment: dict[str, str]) -> dict[str, Any]:
    began = time.monotonic()
    argv = ["bash", "-c", step.command]
    try:
        done = subprocess.run(
            argv, cwd=place, env=environment, text=True, timeout=LIMIT_S,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        rc, said = done.returncode, done.stdout
    except subprocess.TimeoutExpired as error:
        rc, said = -1, f"{error.stdout!r}\nlonger than {LIMIT_S:.0f} s"
    with (place / "log.txt").open("a") as log:
        log.write(f"\n$ {step.command}\n{said}\nexit code {rc}\n")
    fine = rc in step.fine and re.search(step.says, said) is not None
    seconds = round(time.monotonic() - began)
    last = [line.strip() for line in said.splitlines() if line.strip()][-1:]
    row = {"command": step.command, "rc": rc, "seconds": seconds, "as it should": fine}
    return row if fine and rc in (0, 1) else {**row, "said": last}


if __name__ == "__main__":
    sys.exit(main())
