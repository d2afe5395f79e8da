"""Bundles of three real models: their Kotlin, C++ and service files, and run.py --benchmark.

    python -m benchmarks.bundles [MODEL ...] --kotlin NODE_MODULES/kotlin-compiler
        [--work runs/bundles] [--out benchmarks/bundles/bundles.json] [--install]

Each model is optimized for three targets of one runtime each. Kotlin needs a Java runtime
(`apt-get install default-jre-headless`) and `npm install kotlin-compiler`; setup.sh is looked at by
`shellcheck`, model.service by `systemd-analyze`; what is missing is said. `--install` runs setup.sh
for real, from the package index, and the benchmark in that environment.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.bundles import native_code, timing
from benchmarks.bundles.models import MODELS
from benchmarks.one_of import one_of
from edgeopt import api
from edgeopt.domain.run import Run

HERE = Path(__file__).parent
RUNTIMES = ("litert", "onnxruntime", "openvino")
PROFILE = """name = "{0}-bundles"
title = "Whatever machine runs the benchmark"
summary = "One runtime, so that its bundle is what is made."
arch = "x86_64"
os = "linux"
link = "local"
cores = [{{ model = "any", count = 2 }}]
threads = [1]

[isa]
features = ["avx2"]
absent = []
basis = "recalled"
source = "what the benchmark asks for"

[match]
features = ["avx2"]
"""
RECIPE = """
[[recipes]]
runtime = "{0}"
precision = "{1}"
why = "the benchmark"
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("models", nargs="*", type=one_of(MODELS))
    parser.add_argument("--kotlin", type=Path)
    parser.add_argument("--install", action="store_true")
    parser.add_argument("--work", type=Path, default=Path("runs/bundles"))
    parser.add_argument("--out", type=Path, default=HERE / "bundles.json")
    call = parser.parse_args()
    call.work.mkdir(parents=True, exist_ok=True)
    found: dict[str, Any] = {
        "command": " ".join(["python -m benchmarks.bundles", *sys.argv[1:]]),
        "machine": {
            "cpu": _cpu(),
            "python": platform.python_version(),
            "load_average_at_the_start": os.getloadavg()[0],
        },
        "tools": _tools(),
        "bundles": [],
    }
    for name in call.models or MODELS:
        model = MODELS[name](call.work)
        run = api.optimize(
            model.path,
            [_profile(call.work, runtime, model.precisions) for runtime in RUNTIMES],
            model.data,
            max_drop=1.0,
            budget="quick",
            out=call.work / name,
            progress=lambda what, done=0, total=0: print(f"  {what}", file=sys.stderr),
        )
        inputs = {k: v for k, v in model.data.items() if k != "labels"}
        for choice in run.choices:
            print(name, choice.target, file=sys.stderr)
            found["bundles"].append({"model": name, **_checked(run, choice, inputs, call)})
            call.out.write_text(json.dumps(found, indent=1) + "\n")
    print(call.out.read_text())


def _profile(work: Path, runtime: str, precisions: Sequence[str]) -> str:
    """A target of one runtime: whatever machine this is."""
    options = 'options = { INFERENCE_PRECISION_HINT = "f32" }\n' if runtime == "openvino" else ""
    recipes = "".join(RECIPE.format(runtime, one) + options for one in precisions)
    path = work / f"{runtime}-bundles.toml"
    path.write_text(PROFILE.format(runtime) + recipes)
    return str(path.resolve())


def _checked(run: Run, choice: Any, inputs: dict[str, np.ndarray], call: Any) -> dict[str, Any]:
    record = run.record(choice.target, choice.recipe_id)
    if record is None or choice.bundle is None or record.recipe is None:
        return {"target": choice.target, "why": choice.why}
    bundle, place = Path(run.folder).resolve() / choice.bundle, call.work.resolve() / "scratch"
    shutil.rmtree(place, ignore_errors=True)
    sample = _sample(inputs, run)
    one = native_code.expected(bundle, sample)
    found = {
        "target": choice.target,
        "recipe": str(record.recipe),
        "inputs": [f"{b['name']}: {b['dtype']} {b['shape']}" for b in one.page.INPUTS],
        "files": sorted(str(p.relative_to(bundle)) for p in bundle.rglob("*.*")
                        if "__pycache__" not in p.parts and ".venv" not in p.parts),
        "setup": _service(bundle, call.install),
        "benchmark": timing.against_record(bundle, inputs, place / "timed"),
        "cpp": native_code.cpp(record.runtime, bundle, place / "cpp", one),
    }  # fmt: skip
    if record.runtime == "litert":
        found["kotlin"] = (
            native_code.kotlin(bundle, place / "kotlin", one, call.kotlin.resolve())
            if call.kotlin
            else "not checked: --kotlin says where its compiler lies"
        )
    return found


def _sample(inputs: dict[str, np.ndarray], run: Run) -> dict[str, np.ndarray]:
    """The first sample in the shapes of the source."""
    shapes = {spec.name: spec.sizes for spec in run.source.inputs}
    given = inputs if len(shapes) > 1 else dict(zip(shapes, inputs.values(), strict=True))
    return {name: given[name][0].reshape(shape) for name, shape in shapes.items()}


def _service(bundle: Path, install: bool) -> dict[str, Any]:
    """What shellcheck says of setup.sh; what it installs, and systemd of its unit."""
    script = str(bundle / "setup.sh")
    found: dict[str, Any] = {"shellcheck": _asked("shellcheck", script)}
    if not install:
        return found
    done = subprocess.run(["sh", script], capture_output=True, text=True)
    found["setup_sh"] = done.stdout.splitlines()[-1:] if done.returncode == 0 else done.stderr
    unit = bundle / "model.service"
    found["systemd_analyze"] = _asked("systemd-analyze", "verify", str(unit))
    python = bundle / ".venv" / "bin" / "python"
    listed = subprocess.run([python, "-m", "pip", "freeze"], capture_output=True, text=True)
    wanted = (bundle / "requirements.txt").read_text().splitlines()
    pins = [line for line in wanted if not line.startswith(("#", "--"))]
    found["pins_installed"] = set(pins) <= set(listed.stdout.split())
    timed = subprocess.run(
        [python, bundle / "run.py", "--benchmark"], capture_output=True, text=True
    )
    found["benchmark_there"] = (
        timed.stderr.splitlines()[-4:] if timed.returncode == 0 else timed.stderr
    )
    shutil.rmtree(bundle / ".venv")
    return found


def _asked(*command: str) -> str:
    """ "clean", or what a program complains about."""
    if shutil.which(command[0]) is None:
        return f"not checked: there is no {command[0]}"
    done = subprocess.run(command, capture_output=True, text=True)
    said = (done.stdout + done.stderr).strip()
    return "clean" if done.returncode == 0 and not said else said or f"exit code {done.returncode}"


def _tools() -> dict[str, str]:
    found = {}
    for name, command in {
        "g++": ["g++", "--version"], "java": ["java", "-version"],
        "shellcheck": ["shellcheck", "--version"], "systemd": ["systemd-analyze", "--version"],
    }.items():  # fmt: skip
        if shutil.which(command[0]):
            done = subprocess.run(command, capture_output=True, text=True)
            found[name] = " ".join((done.stdout + done.stderr).split()[:6])
    return found


def _cpu() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), "?")


if __name__ == "__main__":
    main()
