"""`optimize` within a time, from the call to the rows of what was left out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgeopt.compress.asked import as_compression
from edgeopt.domain.errors import BadInput
from edgeopt.domain.obstacle import Obstacle
from edgeopt.domain.run import Constraints
from edgeopt.pipeline.call import Call
from edgeopt.pipeline.optimize import optimize
from edgeopt.pipeline.steps.make_and_score import MakeAndScore
from edgeopt.report import obstacle_words
from tests.pipeline.cli_process import HERE


@pytest.fixture
def call(tiny_onnx, tmp_path):
    return Call(
        model=tiny_onnx / "tiny.onnx",
        targets=(str(HERE / "one-runtime.toml"),),
        data=tiny_onnx / "tiny.npz",
        constraints=Constraints(max_drop=0.03),
        out=tmp_path / "run",
        budget="quick",
        time_s=1.0,
    )


@pytest.mark.slow
def test_what_the_time_left_out_is_a_row_and_more_time_goes_on(call, short_schedules):
    run = optimize(call)
    assert run.request.time_s == 1.0
    assert run.chosen.precision == "fp32"
    assert run.chosen.latency_ms.stage == "final"
    assert run.chosen.confirm_drop is not None
    left = [record for record in run.records if record.status == "skipped" and not record.recipe]
    reasons = {record.reason for record in left if "were over" in record.reason}
    assert len(reasons) == 1
    assert reasons.pop().startswith("not tried: the 1 s were over; the next would have been onnx")

    made = next((call.out / "artifacts").glob("*/artifact.json")).stat().st_mtime_ns
    whole = optimize(replace(call, time_s=None), measured=(MakeAndScore(),))
    assert len([r for r in whole.records if r.status == "ok"]) > len(
        [r for r in run.records if r.status == "ok"]
    )
    assert not any("were over" in record.reason for record in whole.records)
    kept = {p.stat().st_mtime_ns for p in (call.out / "artifacts").glob("*/artifact.json")}
    assert made in kept


@pytest.mark.slow
def test_an_artifact_that_is_too_large_is_not_scored_within_a_time(call, short_schedules):
    limits = Constraints(max_drop=0.03, max_size_bytes=100)
    run = optimize(replace(call, constraints=limits, time_s=20.0))
    tried = [record for record in run.records if record.recipe]
    assert tried
    assert {(r.status, r.step, r.score) for r in tried} == {("skipped", "score", None)}
    assert tried[0].reason.startswith("not scored: ")
    assert run.chosen is None


@pytest.mark.slow
def test_training_has_no_clock(call):
    with pytest.raises(BadInput, match="--time does not go with --prune"):
        replace(call, compression=as_compression(["prune"]))
    with pytest.raises(BadInput):
        replace(call, time_s=0.0)


@pytest.mark.parametrize(
    ("limit_s", "said"), [(1200.0, "20 min 00 s"), (90.0, "1 min 30 s"), (7200.0, "2 h")]
)
def test_a_row_says_the_limit_and_what_would_have_come_next(limit_s, said):
    why = Obstacle(kind="time-over", limit_s=limit_s, names=("litert fp16",))
    reason = obstacle_words.reason(why)
    assert f"the {said}" in reason
    assert reason.endswith("the next would have been litert fp16")
    assert "longer --time" in obstacle_words.hint(why)
