"""A call from Python leaves the file that the command line takes."""

import pytest

from edgeopt import api, api_call
from edgeopt.cli_optimize import call_of, optimize
from edgeopt.domain.open_axis import OpenAsked
from edgeopt.pipeline import own_call


@pytest.fixture
def asked(monkeypatch):
    """What `edgeopt.optimize` hands to the pipeline, without a run."""
    calls = []
    monkeypatch.setattr(api._optimize, "optimize", lambda call, progress: calls.append(call))
    monkeypatch.setattr(api.Result, "of", lambda run: run)
    return calls


ARGUMENTS = [
    {},
    {"metric": "accuracy", "max_drop": 0.02, "out": "runs/x"},
    {"max_size_bytes": 5_000_000, "max_latency_ms": 5.5, "max_p90_ms": 8, "max_slice_drop": 0.1},
    {"max_memory_bytes": 10**8, "max_energy_mj": 0.5, "aim": "energy"},
    {"aim": "throughput", "batch": [8, 4]},
    {"aim": "throughput", "batch": 4, "threads": 2},
    {"runtimes": "litert", "precisions": ["int8-static", "fp32"], "without": ("fp16",)},
    {"threads": [4, 1], "slice_by": ["groups"], "corruptions": True, "pictures": False},
    {"shapes": {"x": (1, 3, 8, 8), "s": ()}, "trust": True, "seed": 7, "step_timeout_s": 30},
    {"budget": "quick", "device": ["pi5", "local"], "fresh": True},
    {"budget": "submission", "compression": ["prune", "qat"], "train": "t.npz"},
    {"open_axis": OpenAsked(input="x", axis=3, sizes=(160, 320))},
    {"task": "detection", "calibration": "c.npz", "confirm": "f.npz", "output": "y"},
]


@pytest.mark.parametrize("arguments", ARGUMENTS, ids=lambda one: ",".join(one) or "none")
def test_its_file_is_the_same_call(asked, tmp_path, arguments):
    """Samples for training and data are named and not read: nothing runs."""
    api.optimize("m.onnx", ["this-machine", "pixel-8"], "d.npz", **arguments)
    [call] = asked
    file = tmp_path / "call.toml"
    file.write_text(own_call.text(call.said, tmp_path))
    again = call_of(optimize.make_context("optimize", ["--config", str(file)]).params)
    different = {
        name
        for name in call.__dataclass_fields__
        if name != "said" and getattr(call, name) != getattr(again, name)
    }
    assert different == set()


def test_what_no_file_holds_is_named_there(asked, tmp_path):
    api.optimize("m.onnx", "this-machine", {"x": [1.0]}, seed=3)
    text = own_call.text(asked[0].said, tmp_path)
    assert "# data: not in this file" in text
    assert "seed = 3" in text


def test_no_bounds_are_none():
    assert api_call.space((), (), (), ()) is None
