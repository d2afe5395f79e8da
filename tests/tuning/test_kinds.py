"""Arguments of another kind, and data that is none, are one sentence before anything begins."""

from pathlib import Path

import numpy as np
import pytest

import edgeopt
from edgeopt import api_tune
from edgeopt.domain.errors import BadInput
from edgeopt.tuning import samples, study_folder
from edgeopt.tuning import tune as searching
from tests.tuning import nets, records

DATA = {"image": np.zeros((4, 64), np.float32)}


@pytest.fixture
def asked(monkeypatch):
    """A search that only notes what it is asked."""
    calls = []
    made = records.study([records.trial(0, 0.9, 1.0)], chosen=0)
    monkeypatch.setattr(api_tune._tune, "tune", lambda call, _: calls.append(call) or made)
    return calls


def tuned(**changes):
    given = {"build": "m:build", "train": None, "data": DATA, "target": "this-machine"}
    return edgeopt.tune(**{**given, **changes})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"trials": "3"}, "--trials must be a whole number, but got '3'"),
        ({"trials": 2.5}, "--trials must be a whole number, but got 2.5"),
        ({"seed": "a"}, "--seed must be a whole number, but got 'a'"),
        ({"seed": 1.5}, "--seed must be a whole number, but got 1.5"),
        ({"time": [1]}, r"--time must be a number of s, but got \[1\]"),
        ({"max_drop": None}, "--max-drop must be a number, but got None"),
        ({"max_drop": "much"}, "'much' is no share"),
        ({"max_latency_ms": "5 miles"}, "--max-latency must be a time, but got '5 miles'"),
        ({"trial_timeout_s": None}, "--trial-timeout must be a number of s, but got None"),
        ({"metric": max}, "metric is <built-in function max>, and a name, "),
        ({"scheduler": 4}, "scheduler is 4, and an address"),
        ({"sampler": None}, "sampler is None, and a text is wanted"),
        ({"storage": 3}, "storage is 3, and a path, a URL or None is wanted"),
        ({"progress": None}, "progress is None, and a function is wanted"),
        ({"form": 3}, "form is 3, and a text or None is wanted"),
        ({"bundle": "no"}, "bundle is 'no', and True or False is wanted"),
        ({"preprocessing": "x"}, "preprocessing is 'x', and a Preprocessing"),
        ({"task": 3}, "task is 3, and a text or a TaskAsked is wanted"),
        ({"target": 3}, "target is 3, and a name or several of them is wanted"),
        ({"target": [3]}, "targets is 3, and a name or several of them is wanted"),
        ({"objectives": 3}, "objectives is 3, and a name or several of them is wanted"),
        ({"out": 3}, "out is 3, and a folder's path or None is wanted"),
    ],
)
def test_an_argument_of_another_kind_is_named_with_what_is_wanted(asked, changes, words):
    with pytest.raises(BadInput, match=words):
        tuned(**changes)
    assert asked == []


def test_texts_with_units_and_paths_are_read(asked):
    tuned(
        max_latency_ms="5ms", max_size_bytes="5MB", max_drop="1%", trial_timeout_s="1m",
        storage=Path("x.journal"),
    )  # fmt: skip
    [call] = asked
    limits = call.asked.constraints
    assert (limits.max_latency_ms, limits.max_size_bytes, limits.max_drop) == (5, 5_000_000, 0.01)
    assert (call.trial_timeout_s, call.storage) == (60, "x.journal")


BAD = [
    ({"image": [[1, 2], [3]], "labels": [0, 1]}, "'image' is no array"),
    ({"image": 1.0, "labels": 3}, "'image' is a single value"),
    ({0: np.zeros((4, 64)), "labels": [0] * 4}, "the name 0 is no text"),
    ({"image": np.array([{}, {}])}, "'image' holds Python objects"),
    ([np.zeros((4, 64)), [0] * 4], "the data is of the type list"),
    ((np.zeros((4, 64)), [0] * 4), "the data is of the type tuple"),
    (np.zeros((4, 64)), "the data is of the type ndarray"),
    (None, "the data is nothing"),
    (3, "the data is of the type int"),
]


@pytest.mark.parametrize(("data", "words"), BAD)
def test_data_that_is_none_is_refused_before_it_is_hashed(asked, data, words):
    with pytest.raises(BadInput, match=words):
        tuned(data=data)
    model = nets.save(8, np.zeros((8, 10)))
    with pytest.raises(BadInput, match=words):
        edgeopt.evaluate(model, "this-machine", data)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"target": []}, "no target is named"),
        ({"target": "nosuch"}, "nosuch"),
        ({"form": "nosuch"}, "no form of this-machine is called"),
        ({"max_drop": "much"}, "'much' is no share"),
        ({"shapes": 3}, "shapes is 3"),
        ({"cache": None}, "cache is None, and True or False is wanted"),
        ({"progress": None}, "progress is None, and a function is wanted"),
    ],
)
def test_evaluate_refuses_the_same_before_the_model_is_looked_at(changes, words):
    given = {"target": "this-machine", "data": DATA, **changes}
    with pytest.raises(BadInput, match=words):
        edgeopt.evaluate("gone.onnx", **given)


def test_a_file_of_objects_is_no_example(tmp_path):
    path = tmp_path / "objects.npz"
    np.savez(path, image=np.array([{}, {}], dtype=object))
    with pytest.raises(BadInput, match="it holds Python objects, which are not unpickled"):
        samples.write_example(path, tmp_path)


def test_a_network_that_is_gone_leaves_no_bundle_and_a_warning(tmp_path):
    made = records.study([records.trial(0, 0.9, 1.0)], chosen=0)
    told = searching._with_run(None, study_folder.StudyFolder(tmp_path), made, None)
    assert told.run == ""
    [warning] = told.warnings
    assert "no bundle was made: the network of trial 0 is no longer in" in warning
