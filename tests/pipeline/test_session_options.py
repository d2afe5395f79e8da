"""The leading candidates with other settings, timed and scored for real on a tiny model."""

from __future__ import annotations

import os

import msgspec
import pytest

from edgeopt.domain.latency import Verdict
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.run import Constraints
from edgeopt.pipeline.call import Call
from edgeopt.pipeline.steps.session_options import SessionOptions, _winners
from edgeopt.pipeline.target_run import TargetRun
from edgeopt.pipeline.timing import Plan, time_records
from tests.pipeline.opened_run import opened, screened_state

RECIPE = Recipe(runtime="onnxruntime", precision="fp32", threads=1)
TWO = len(os.sched_getaffinity(0)) > 1


@pytest.fixture(scope="module")
def run(tiny_onnx, tmp_path_factory):
    """A run at work on this machine."""
    folder = tmp_path_factory.mktemp("sweep")
    call = Call(
        model=tiny_onnx / "tiny.onnx", targets=("this-machine",), data=tiny_onnx / "tiny.npz",
        metric="accuracy", constraints=Constraints(max_drop=0.03), out=folder / "run",
        budget="quick",
    )  # fmt: skip
    with opened(call) as at_work:
        yield at_work


@pytest.fixture(scope="module")
def screened(run):
    [timed], _ = time_records(run, run.evaluated([RECIPE]), Plan("screen", 0))
    # Of what takes less no setting is tried, on a machine that is faster than this one.
    slow = max(timed.latency_ms.p50, 0.02)
    latency = msgspec.structs.replace(timed.latency_ms, p50=slow)
    return [msgspec.structs.replace(timed, latency_ms=latency)]


def swept(run, screened):
    """The records and the queue after the step."""
    state = SessionOptions().advance(run, screened_state(run, screened, RECIPE.id))
    return state.records, state.latest(state.queue)


@pytest.mark.slow
def test_variants_are_scored_timed_and_told(run, screened):
    records, queue = swept(run, screened)
    variants = records[1:]
    wanted = [("graph_optimization=extended",), ("affinity=fastest",)]
    assert [r.recipe.settings for r in variants] == (wanted if TWO else wanted[:1])
    for record in variants:
        assert record.status == "ok"
        assert record.latency_ms.stage == "screen"
        assert record.versus_baseline.over == RECIPE.id
        assert "with these settings than without" in record.notes[-1]
        assert record.score == screened[0].score  # of a product alone: nothing rounds otherwise
        assert record.artifact == screened[0].artifact
    assert variants[0].executed.options["graph_optimization"] == "extended"
    if TWO:  # what only schedules threads has an account of its own all the same
        assert set(variants[1].executed.options["cores"]) <= set("0123456789")
    faster = [r for r in variants if r.notes[-1].startswith("FASTER")]
    assert len(queue) == 1
    assert queue[0].recipe_id in {r.recipe_id for r in faster} or not faster
    assert (queue[0].recipe_id == RECIPE.id) == (not faster)
    kept = {r.key: r for r in run.context.folder.journal.records()}
    assert all(kept[r.key] == r for r in records)


@pytest.mark.slow
@pytest.mark.skipif(not TWO, reason="one core: there is one variant only")
def test_a_variant_that_loses_too_much_is_not_waited_for(run, screened, monkeypatch):
    real = TargetRun.evaluated

    def with_a_loss(self, recipes):
        first, *others = real(self, recipes)
        lost = msgspec.structs.replace(first.drop, value=0.5, high=0.6)
        return [msgspec.structs.replace(first, drop=lost), *others]

    monkeypatch.setattr(TargetRun, "evaluated", with_a_loss)
    records, _ = swept(run, screened)
    assert records[1].untimed.kind == "lossy-settings"
    assert records[1].latency_reason == (
        "not timed: with these settings it does not keep the constraints"
    )
    assert records[2].latency_ms is not None


def verdict(word, ratio):
    return Verdict(word=word, ratio=ratio, low=None, high=None, over="a", pairs=11, launches=1,
                   margin=0.02)  # fmt: skip


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"b": ("FASTER", 1.1)}, "b"),
        ({"b": ("EQUIVALENT", 1.0)}, None),
        ({"b": ("INCONCLUSIVE", 1.3)}, None),
        ({"b": ("SLOWER", 0.7)}, None),
        ({"b": ("FASTER", 1.1), "c": ("FASTER", 1.5)}, "c"),
        ({"b": ("FASTER", 1.5), "c": ("INCONCLUSIVE", 1.9)}, "b"),
    ],
)
@pytest.mark.slow
def test_the_fastest_that_is_faster_takes_the_place(screened, told, expected):
    own = screened[0]

    def timed(name, p50):
        figures = msgspec.structs.replace(own.latency_ms, p50=p50)
        return msgspec.structs.replace(own, recipe_id=name, latency_ms=figures)

    records = [timed("a", 1.0), *(timed(name, 1 / ratio) for name, (_, ratio) in told.items())]
    verdicts = {name: verdict(*words) for name, words in told.items()}
    found = _winners(records, dict.fromkeys(told, "a"), verdicts)
    assert {key: r.recipe_id for key, r in found.items()} == ({"a": expected} if expected else {})


@pytest.mark.slow
@pytest.mark.parametrize(("p50_ms", "skipped"), [(0.002, True), (0.02, False)])
def test_settings_that_no_launches_would_tell_are_not_tried(run, screened, p50_ms, skipped):
    [record] = screened
    latency = msgspec.structs.replace(record.latency_ms, p50=p50_ms)
    state = screened_state(run, [msgspec.structs.replace(record, latency_ms=latency)], RECIPE.id)
    why = SessionOptions().why_skipped(run, state)
    assert (why is not None) == skipped
    assert not skipped or "differ by more than any setting wins" in why.reason
