"""Another --out takes what an earlier run found, and only where it is the same again."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from edgeopt.domain.run import Constraints
from edgeopt.pipeline import conversions, evaluator, timing
from edgeopt.pipeline.call import Call
from edgeopt.pipeline.optimize import optimize
from edgeopt.store import results_cache
from edgeopt.store.results_cache import ResultsCache
from tests.pipeline.cli_process import HERE

pytestmark = pytest.mark.slow


def exact(outputs, labels):
    """A metric of one's own: what it does may be another thing in the next run."""
    return float((outputs.reshape(len(outputs), -1).argmax(1) == labels).mean())


@pytest.fixture
def done(monkeypatch):
    """What was really done: names of conversions, scorings and schedules, one each."""
    found = []

    def counting(place, name, what):
        real = getattr(place, name)

        def counted(*args, **options):
            found.append(what)
            return real(*args, **options)

        monkeypatch.setattr(place, name, counted)

    counting(conversions.Conversions, "_in_child", "convert")
    counting(evaluator.Evaluator, "_mark", "score")
    counting(timing, "measure", "measure")
    return found


@pytest.fixture(scope="module")
def call(tiny_onnx, tmp_path_factory, short_schedules):
    """One run that has left its results in a cache of its own; the cache's place with its call."""
    place = tmp_path_factory.mktemp("earlier")
    call = Call(
        model=tiny_onnx / "tiny.onnx",
        targets=(str(HERE / "one-runtime.toml"),),
        data=str(tiny_onnx / "tiny.npz"),
        out=place / "first",
        constraints=Constraints(max_drop=0.02),
        budget="quick",
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(results_cache.SETTING, str(place / "results"))
        optimize(call)
    return call


@pytest.fixture(autouse=True)
def kept(call, monkeypatch):
    place = call.out.parent / "results"
    monkeypatch.setenv(results_cache.SETTING, str(place))
    return ResultsCache(place)


def schedules(folder):
    """Times of the schedules of a run, and of those that nothing spoiled: only they are taken."""
    place = folder / "measurements"
    every = {path.name: json.loads(path.read_text())["timed"] for path in place.glob("*.json")}
    return every, {name: every[name] for name in every if (place / "asked" / name).exists()}


@pytest.mark.parametrize("limit", [0.02, 0.06])
def test_another_folder_converts_scores_and_measures_nothing(call, done, tmp_path, limit):
    asked = dataclasses.replace(
        call, out=tmp_path / "again", constraints=Constraints(max_drop=limit)
    )
    run = optimize(asked)
    assert not {"convert", "score"} & set(done)
    assert run.choices[0].recipe_id
    assert any("come from earlier runs on this machine" in one for one in run.warnings)
    if limit == 0.02:
        every, sound = schedules(call.out)
        assert len(done) <= len(every) - len(sound)  # one that was spoiled is measured again
        if len(every) == len(sound):
            assert schedules(asked.out)[0] == every
    assert all(r.drop.resolved for r in run.records if r.drop and r.drop.judged > limit + 0.02)


def test_other_data_is_scored_anew_and_not_converted(call, done, tmp_path):
    data = np.load(call.data)
    labels = np.roll(data["labels"], 1)
    asked = dataclasses.replace(
        call,
        data={"image": data["image"], "labels": labels},
        out=tmp_path / "again",
        constraints=Constraints(max_drop=0.02, max_size_bytes=2500),
    )
    optimize(asked)
    assert "score" in done
    assert "convert" not in done or done.count("convert") <= 1  # ranges come of the same images


@pytest.mark.parametrize("change", [
    {"fresh": True},
    {"metric": "tests.pipeline.test_earlier_results:exact"},
])  # fmt: skip
def test_what_is_not_the_same_is_scored_anew(call, done, tmp_path, change):
    optimize(dataclasses.replace(call, out=tmp_path / "again", **change))
    assert "score" in done


def test_a_damaged_result_is_made_again(call, done, kept, tmp_path):
    [damaged] = [  # each run asks for this form; which exceptions it tries depends on its times
        found
        for found in kept.entries()
        if found.entry.kind == "artifact"
        and json.loads(found.read("artifact.json"))["recipe"]["precision"] == "fp32"
    ]
    (damaged.folder / "model.onnx").write_bytes(b"other")
    run = optimize(dataclasses.replace(call, out=tmp_path / "again"))
    assert done.count("convert") == 1
    assert run.choices[0].recipe_id
    assert kept.verify()[1] == []
