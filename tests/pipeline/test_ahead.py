"""What is imported while the model is read."""

import subprocess
import sys

import pytest

from edgeopt.domain.run import Constraints
from edgeopt.domain.space_asked import SpaceAsked
from edgeopt.jobs.warm_server import FORKABLE
from edgeopt.pipeline import ahead
from edgeopt.pipeline.call import Call
from edgeopt.runner import sensors
from edgeopt.runtimes import exported


@pytest.fixture
def modules(tmp_path, monkeypatch):
    """What a call for these targets in this space begins with, of a machine with two cores."""
    monkeypatch.setattr(sensors, "cores", lambda: 2)

    def of(*targets, model="m.onnx", **space):
        limits = Constraints(max_drop=0.01, space=SpaceAsked(**space) if space else None)
        out = tmp_path / "run"
        return ahead.modules(Call(tmp_path / model, targets, "data.npz", out, constraints=limits))

    return of


def test_it_is_what_the_recipes_of_the_targets_need(modules):
    here = modules("this-machine")
    assert {"edgeopt.convert.worker", "nncf", "openvino", "ai_edge_quantizer"} <= set(here)
    assert len(set(here)) == len(here)
    assert {name.partition(".")[0] for name in here} <= FORKABLE
    assert set(modules("this-machine", "raspberry-pi-5")) >= set(here)


def test_what_is_left_out_of_the_space_is_not_imported(modules):
    assert "nncf" not in modules("this-machine", runtimes=("litert",))
    assert "nncf" not in modules("this-machine", precisions=("fp32",))
    assert "openvino" not in modules("this-machine", without=("openvino",))


def test_a_module_of_pytorch_needs_more(modules, tmp_path):
    assert "litert_torch" not in modules("this-machine")
    more = modules("this-machine", model="m.pt2")
    assert {"torch", exported.READER, "onnxscript", "litert_torch"} <= set(more)
    assert {name.partition(".")[0] for name in more} <= FORKABLE
    assert "litert_torch" not in modules("this-machine", model="m.pt2", without=("litert",))


def test_an_unknown_target_is_told_in_its_turn(modules):
    assert modules("no-such-board") == ()


def test_nothing_is_imported_where_nothing_is_gained(modules, tmp_path, monkeypatch):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").write_text("{}")
    assert modules("this-machine") == ()  # it may be finished
    (tmp_path / "run" / "run.json").unlink()
    assert modules("this-machine")
    monkeypatch.setattr(sensors, "cores", lambda: 1)
    assert modules("this-machine") == ()


def test_to_know_it_imports_none_of_it():
    code = (
        "import sys; from edgeopt.pipeline import ahead; from edgeopt import convert, targets;"
        "[convert.find(r.runtime) for r in targets.load('this-machine').recipes];"
        "assert not {'nncf', 'torch', 'openvino', 'onnx', 'litert_torch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
