"""A whole run of a target with a GPU: where there is none, and where a stand-in is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from edgeopt.domain.progress import silent
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.run import Constraints
from edgeopt.pipeline import run_context
from edgeopt.pipeline.call import Call
from edgeopt.pipeline.device_pool import DevicePool
from edgeopt.pipeline.intake import take_in
from edgeopt.pipeline.optimize import optimize
from edgeopt.pipeline.run_environment import local_machine
from edgeopt.pipeline.target_run import at_work
from edgeopt.pipeline.timing import Plan, time_records
from edgeopt.search.space import Space
from edgeopt.store import run_folder
from tests.runtimes.gpu_net import samples, write_net

pytestmark = pytest.mark.slow
PROFILE = str(Path(__file__).with_name("nvidia.toml"))


def asked(folder) -> Call:
    return Call(
        model=write_net(folder / "net.onnx"),
        targets=(PROFILE,),
        data={name: array[:, 0] for name, array in samples(160).items()},
        metric="agreement",
        constraints=Constraints(max_drop=0.5),
        output="y_logits",
        out=folder / "run",
    )


def test_without_a_gpu_candidates_are_scored_and_not_measured(packages, tmp_path):
    run = optimize(asked(tmp_path))
    found = {(r.runtime, r.precision): r for r in run.records if r.status == "ok"}
    for precision in ("int8-static", "fp32"):
        record = found["tensorrt", precision]
        assert record.score.value > 0.8
        assert (record.latency_ms, record.kind) == (None, None)
        assert record.latency_reason == (
            "not measured: no NVIDIA device here (ModuleNotFoundError: No module named 'tensorrt')"
        )
        assert "docs/tensorrt.md" in record.hint
        assert "answered by onnxruntime on the CPU in place of tensorrt" in record.notes
    assert run.choices[0].basis == "suggested"  # the processor alone makes it no such target
    kinds = [one.evidence[0].kind for one in run.choices[0].suggestion.order]
    assert kinds[:2] == ["profile", "profile"]
    assert run.chosen.runtime == "tensorrt"
    bundle = tmp_path / "run" / "a-gpu"
    assert {"build_engine.py", "cuda_runtime.py", "model.onnx", "run.py"} <= {
        path.name for path in bundle.iterdir()
    }
    command = [sys.executable, bundle / "build_engine.py"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert "Run this on the NVIDIA machine." in done.stderr
    ships(bundle, command, {**os.environ, "PYTHONPATH": str(packages)}, tmp_path)


def ships(bundle, build, gpu, folder):
    """On the machine with a GPU the bundle builds its engine and answers."""
    built = subprocess.run(build, capture_output=True, text=True, check=True, env=gpu)
    assert "model.engine: built in" in built.stdout
    np.savez(folder / "in.npz", **samples(4))
    command = [sys.executable, bundle / "run.py", folder / "in.npz", folder / "out.npz"]
    subprocess.run(command, check=True, capture_output=True, env=gpu)
    assert json.loads((bundle / "manifest.json").read_text())["runtime"] == "tensorrt"
    with np.load(folder / "out.npz") as answers:
        np.testing.assert_allclose(answers["a_shares"].sum(axis=-1), 1, atol=1e-3)
        assert answers["y_logits"].shape == (4, 1, 5)


def test_with_a_gpu_they_are_built_answered_and_timed_there(gpu, tmp_path):
    call = asked(tmp_path)
    intake = take_in(call, tmp_path, silent)
    folder, _ = run_folder.create(call.out, intake.request)
    pool = DevicePool(local_machine(), tmp_path / "log", silent)
    (placement,) = pool.placements(intake.profiles, ())
    assert placement.timed  # a GPU makes it a machine of this target
    assert placement.absent == {}
    recipes = [Recipe(runtime="tensorrt", precision="fp32", options={"tf32": tf32})
               for tf32 in (0, 1)]  # fmt: skip
    with run_context.opened(call, intake, folder, silent, pool.local) as context:
        run = at_work(context, placement, Space(tuple(recipes), ()))
        timed, _ = time_records(run, run.evaluated(recipes), Plan("screen", 0))
    assert [r.status for r in timed] == ["ok", "ok"]
    for record in timed:
        assert record.executed.runtime_version == "10.9.0.34 (sm_87, 8 processors)"
        assert record.executed.options["tf32"] == str(record.recipe.options["tf32"])
        assert record.kind == "measured"
        assert record.latency_ms.p50 > 0
    made = os.listdir(tmp_path / "engines")
    assert sum(name.endswith(".engine") for name in made) == 2  # one for each set of options
    assert "timing.cache" in made
