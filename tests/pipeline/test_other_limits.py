"""The same call with other limits decides anew from what its folder holds."""

from __future__ import annotations

import json

import pytest

import edgeopt
from edgeopt.domain.errors import BadInput
from tests.pipeline.cli_process import HERE

ONE = str(HERE / "one-runtime.toml")
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("short_schedules")]


def schedules(run):
    return sorted(p.name for p in (run / "measurements").glob("*.json"))


def stamps(run):
    return {p: p.stat().st_mtime_ns for p in (run / "artifacts").glob("*/artifact.json")}


def test_another_drop_scores_and_screens_nothing_again(tiny_onnx, tmp_path):
    out = tmp_path / "run"

    def again(max_drop, **more):
        told = []
        run = edgeopt.optimize(
            tiny_onnx / "tiny.onnx", ONE, tiny_onnx / "tiny.npz", max_drop=max_drop, out=out,
            budget="quick", progress=lambda what, *_: told.append(what), **more,
        )  # fmt: skip
        return run, told

    strict, _ = again(0.01)
    int8 = next(r for r in strict.records if r.precision == "int8-static")
    assert strict.chosen.precision == "fp32"
    assert int8.drop.value > 0.01
    before, made = schedules(out), stamps(out)
    screen = (out / "measurements" / before[0]).read_bytes()
    (out / "one-runtime" / "mine").write_text("of the old bundle")

    loose, told = again(0.2)
    assert loose.request.constraints.max_drop == 0.2
    assert any("screen): known from an earlier schedule" in what for what in told)
    assert stamps(out) == made
    assert (out / "measurements" / before[0]).read_bytes() == screen
    now = next(r for r in loose.records if r.recipe_id == int8.recipe_id)
    assert now.score == int8.score
    assert now.drop.value == int8.drop.value
    assert now.drop.resolved  # 5 points in 20 allowed; of 1 allowed, too
    assert now.latency_ms.stage == "final"  # it qualifies now, and was measured for it
    assert loose.chosen.confirm_drop.value <= 0.2
    assert not (out / "one-runtime" / "mine").exists()

    after = schedules(out)
    assert len(after) > len(before)
    back, told = again(0.01)
    assert schedules(out) == after  # every schedule of it was there
    assert back.chosen.recipe_id == strict.chosen.recipe_id
    assert json.loads((out / "run.json").read_text())["state"] == "finished"

    with pytest.raises(BadInput, match="holds another run"):
        again(0.2, seed=1)
